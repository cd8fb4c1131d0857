import { type AccountStatus, loadStatus, type Status } from '../../operations/status.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat, formatCount, formatDuration } from '../format.ts'
import { toPausedText } from '../paused.ts'
import { renderFields } from '../table.ts'
import { withAccount } from '../withAccount.ts'

export const statusCommand = defineCommand({
  name: 'status',
  description: 'Show queue, pauses, followers, last sync, today',
  args: {},
  examples: [
    ['unionpush status', 'is it running, and if not, why'],
    ["unionpush status --json | jq '.accounts[0].paused'", 'for a monitor: null, or the reason'],
  ],
  run: (_, out) =>
    withAccount(out, async (account) => {
      const status = await loadStatus(account)
      for (const { queueProblems } of status.accounts)
        for (const problem of queueProblems) out.remark(problem)
      await out.print(status, (status) => toText(status, account.config.timezone))
      return 0
    }),
})

function toText({ accounts, database, queueBackend }: Status, timezone: string): string {
  const formatTime = createTimeFormat(timezone)
  const fields = accounts.flatMap((account) => toFields(account, formatTime))
  return renderFields([...fields, ['Database', database.address], ['Queue in', queueBackend]])
}

function toFields(account: AccountStatus, formatTime: (iso: string | null) => string): [string, string][] {
  const { paused, circuit, rate, queue, token, followers, lastSync, today } = account
  return [
    ['Account', account.account],
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
