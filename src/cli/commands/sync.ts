import { type SyncOutput, syncOnce } from '../../operations/sync.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { formatCount, formatDuration, formatPlural } from '../format.ts'
import { createStopSignal } from '../signals.ts'
import { withSyncProgress } from '../syncProgress.ts'

export const syncCommand = defineCommand({
  name: 'sync',
  description: 'Bring the follower table up to date',
  args: {
    full: { type: 'boolean', description: 'fetch every follower again' },
    force: { type: 'boolean', description: 'believe a list that drops more than half' },
    ...accountsArg,
  },
  examples: [
    ['unionpush sync', 'fetch who is new; an interrupted sync goes on where it stopped'],
    ['unionpush sync --full', 'after binding the account to the Open Platform: unionids are new'],
  ],
  run: ({ full, force, account: word }, out) =>
    withAccounts(out, word, async ({ accounts }) => {
      const signal = createStopSignal()
      let exitCode = 0
      // One after another, each on its own: what ends one keeps no other from its turn.
      for (const account of accounts) {
        if (signal.aborted) return 1
        const isOne = accounts.length === 1
        const result = await withSyncProgress(out, isOne ? 'Followers' : account.name, (watch) =>
          syncOnce(account, { full, force }, { signal, ...watch }),
        )
        await out.print(result, (result) => toText(result, isOne ? '' : `${result.account}: `))
        if (result.error !== undefined) {
          process.stderr.write(`unionpush sync: ${isOne ? '' : `${account.name}: `}${result.error.message}\n`)
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
  const lines = [
    `${prefix}Sync ${runId} ${status}${resumed ? ' (resumed)' : ''}: ${formatCount(seen)} of ${formatPlural(total, 'follower')} in ${formatDuration(result.durationMs)}, ${formatCount(rate)}/s`,
    `${formatCount(fetched)} fetched, ${formatCount(added)} new, ${formatCount(updated)} changed, ${formatCount(unsubscribed)} left`,
  ]
  if (withoutUnionid > 0) lines.push(toUnionidAdvice(withoutUnionid, seen))
  if (oddRows > 0) lines.push(`${formatPlural(oddRows, 'row')} of WeChat's answers named nobody, left out`)
  return lines.join('\n')
}

/** None at all nearly always has one cause. */
function toUnionidAdvice(withoutUnionid: number, seen: number): string {
  const count = `WeChat tells no unionid yet of ${formatCount(withoutUnionid)} of them, who cannot be pushed to by it`
  return withoutUnionid < seen
    ? `${count}; every sync asks again`
    : `${count}: bind the account to an Open Platform account (微信开发者平台 > 绑定关系 > 开放平台, or open.weixin.qq.com > 管理中心 > 公众账号); if it is bound, sync again some four hours after that`
}
