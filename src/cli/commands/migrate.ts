import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'

export const migrateCommand = defineCommand({
  name: 'migrate',
  description: 'Bring the database to the current version',
  args: {},
  examples: [
    ['unionpush migrate', 'create or update the tables before a deployment; other commands do so too'],
  ],
  run: (_, out) =>
    // Opening the database is all it takes.
    withAccounts(out, undefined, async ({ runtime }) => {
      const { engine, address } = runtime.database
      await out.print(
        { database: { engine, address } },
        ({ database }) => `${database.address} is up to date`,
      )
      return 0
    }),
})
