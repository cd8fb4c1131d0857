import { type SyncOutput, syncOnce } from '../../operations/sync.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { formatDuration } from '../format.ts'
import { createStopSignal } from '../signals.ts'
import { withSyncProgress } from '../syncProgress.ts'
import { keptInWords, phrase, toPlural } from '../text/phrase.ts'

export const syncCommand = defineCommand({
  name: 'sync',
  description: 'sync',
  args: {
    full: { type: 'boolean', description: 'sync.full' },
    force: { type: 'boolean', description: 'sync.force' },
    ...accountsArg,
  },
  examples: [
    ['unionpush sync', 'sync.example.all'],
    ['unionpush sync --full', 'sync.example.full'],
  ],
  run: ({ full, force, account: word }, out) =>
    withAccounts(out, word, async ({ accounts }) => {
      const signal = createStopSignal()
      let exitCode = 0
      // One after another, each on its own: what ends one keeps no other from its turn.
      for (const account of accounts) {
        if (signal.aborted) return 1
        const isOne = accounts.length === 1
        const result = await withSyncProgress(out, isOne ? phrase('sync.label') : account.name, (watch) =>
          syncOnce(account, { full, force }, { signal, ...watch }),
        )
        await out.print(result, (result) => toText(result, isOne ? '' : `${result.account}: `))
        if (result.error !== undefined) {
          process.stderr.write(
            `unionpush sync: ${isOne ? '' : `${account.name}: `}${keptInWords(result.error.message)}\n`,
          )
        }
        if (result.status !== 'complete') exitCode = 1
      }
      return exitCode
    }),
})

function toText(result: SyncOutput, prefix: string): string {
  const {
    runId,
    status,
    resumed,
    seen,
    total,
    fetched,
    added,
    updated,
    unsubscribed,
    withoutUnionid,
    oddRows,
  } = result
  const rate = result.durationMs > 0 ? Math.round((seen / result.durationMs) * 1_000) : 0
  const duration = formatDuration(result.durationMs)
  const facts = {
    prefix,
    run: String(runId),
    status,
    seen,
    total: toPlural('follower', total),
    duration,
    rate,
  }
  const lines = [
    phrase(resumed ? 'sync.resumed' : 'sync.result', facts),
    phrase('sync.counts', { fetched, added, updated, left: unsubscribed }),
  ]
  if (withoutUnionid > 0) {
    // None at all nearly always has one cause.
    const advice = withoutUnionid < seen ? 'sync.someNameless' : 'sync.allNameless'
    lines.push(phrase(advice, { count: withoutUnionid }))
  }
  if (oddRows > 0) lines.push(phrase('sync.oddRows', { count: toPlural('row', oddRows) }))
  return lines.join('\n')
}
