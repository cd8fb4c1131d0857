import { type AccountStatus, loadStatus, type Status } from '../../operations/status.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat, formatCount, formatDuration } from '../format.ts'
import { toPausedText } from '../paused.ts'
import { renderFields } from '../table.ts'

export const statusCommand = defineCommand({
  name: 'status',
  description: 'Show queue, pauses, followers, last sync, today',
  args: accountsArg,
  examples: [
    ['unionpush status', 'is it running, and if not, why'],
    ["unionpush status --json | jq '.accounts[0].paused'", 'for a monitor: null, or the reason'],
  ],
  run: ({ account }, out) =>
    withAccounts(out, account, async ({ accounts, config }) => {
      const status = await loadStatus(accounts)
      for (const problem of new Set(status.accounts.flatMap(({ queueProblems }) => queueProblems))) {
        out.remark(problem)
      }
      await out.print(status, (status) => toText(status, config.timezone))
      return 0
    }),
})

function toText({ accounts, database, queueBackend }: Status, timezone: string): string {
  const formatTime = createTimeFormat(timezone)
  const texts = accounts.map((account) => renderFields(toFields(account, formatTime)))
  return [
    ...texts,
    renderFields([
      ['Database', database.address],
      ['Queue in', queueBackend],
    ]),
  ].join('\n\n')
}

function toFields(account: AccountStatus, formatTime: (iso: string | null) => string): [string, string][] {
  const { paused, circuit, rate, queue, token, followers, lastSync, today } = account
  return [
    ['Account', account.account === account.appid ? account.appid : `${account.account} (${account.appid})`],
    ['Sending', paused === null ? 'not paused' : toPausedText(paused, formatTime)],
    ...(circuit === null ? [] : [toCircuitField(circuit, formatTime)]),
    [
      'Rate',
      `${formatCount(rate.perSecond)}/s now, limit ${rate.limit === null ? 'none' : `${formatCount(rate.limit)}/s`}`,
    ],
    ['Queue', queue === null ? 'cannot be asked' : toCounts(queue)],
    ['Today', toCounts(today)],
    [
      'Followers',
      `${formatCount(followers.subscribed)}, ${formatCount(followers.withUnionid)} of them with unionid; ${formatCount(followers.unsubscribed)} left`,
    ],
    ['Last sync', lastSync === null ? 'none yet: unionpush sync' : toSyncText(lastSync, formatTime)],
    ['Token', token === null ? 'none yet' : `until ${formatTime(token.expiresAt)}`],
  ]
}

function toCircuitField(
  { need, detail, since }: NonNullable<AccountStatus['circuit']>,
  formatTime: (iso: string | null) => string,
): [string, string] {
  return ['Waits for', `the ${need}, since ${formatTime(since)}: ${detail}`]
}

function toCounts(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${formatCount(count)} ${name}`)
    .join(', ')
}

function toSyncText(
  { status, startedAt, seen, durationMs, error }: NonNullable<AccountStatus['lastSync']>,
  formatTime: (iso: string | null) => string,
): string {
  const line = `${status}, started ${formatTime(startedAt)}, ${formatCount(seen)} followers in ${formatDuration(durationMs)}`
  return error === null ? line : `${line}\n${error}`
}
