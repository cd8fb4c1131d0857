import { say } from '../../base/sentences/sentence.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { UsageError } from '../args.ts'
import { defineCommand } from '../command.ts'
import type { Output } from '../output.ts'
import { phrase } from '../text/phrase.ts'

export const migrateCommand = defineCommand({
  name: 'migrate',
  description: 'migrate',
  args: {
    from: { type: 'string', description: 'migrate.from' },
    to: { type: 'string', description: 'migrate.to' },
  },
  examples: [
    ['unionpush migrate', 'migrate.example.tables'],
    ['unionpush migrate --from file:./unionpush.db --to postgres://me@db/unionpush', 'migrate.example.copy'],
  ],
  async run({ from, to }, out) {
    if (from === undefined && to === undefined) return migrate(out)
    if (from === undefined || to === undefined)
      throw new UsageError(say('usage.needEachOther', { first: 'from', second: 'to' }))
    const { copyToPostgres } = await import('../copyDatabase.ts')
    await copyToPostgres(from, to, out)
    return 0
  },
})

function migrate(out: Output): Promise<number> {
  // Opening the database is all it takes.
  return withAccounts(out, undefined, async ({ runtime }) => {
    const { engine, address } = runtime.database
    await out.print({ database: { engine, address } }, ({ database }) =>
      phrase('migrate.upToDate', { address: database.address }),
    )
    return 0
  })
}
