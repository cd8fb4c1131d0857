import type { Account } from '../../account.ts'
import { second, toShanghaiDayStart } from '../../base/duration.ts'
import type { SyncRunRow } from '../../db/sqlite/syncRuns.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat, formatCount, formatDuration, toIso } from '../format.ts'
import { toPaused, toPausedText } from '../paused.ts'
import { renderFields } from '../table.ts'
import { withApp } from '../withApp.ts'

export const status = defineCommand({
  name: 'status',
  description: 'Show queue, pauses, followers, last sync, today',
  args: {},
  examples: [
    ['unionpush status', 'is it running, and if not, why'],
    ["unionpush status --json | jq '.accounts[0].paused'", 'for a monitor: null, or the reason'],
  ],
  run: (_, out) =>
    withApp(out, async (app) => {
      const answer = await loadStatus(app, (sentence) => out.remark(sentence))
      await out.print(answer, (status) => toText(status, app.config.timezone))
      return 0
    }),
})

const rateWindow = 10 * second

type Status = Awaited<ReturnType<typeof loadStatus>>
type AccountStatus = Status['accounts'][number]

async function loadStatus(app: Account, remark: (sentence: string) => void) {
  const { config, accountState, followers, syncRuns, pushes, tokens } = app
  const now = Date.now()
  const [state, token, counts, lastSync, today, recent, queue] = await Promise.all([
    accountState.find(),
    tokens.peek(),
    followers.counts(),
    syncRuns.findLast(),
    pushes.countFinished(toShanghaiDayStart(now)),
    pushes.countSent(now - rateWindow),
    loadQueue(app, remark),
  ])
  return {
    accounts: [
      {
        account: config.account.appid,
        paused: toPaused(state),
        rate: {
          limit: toLimit(state?.rate ?? null, config.pushRate),
          perSecond: (recent * second) / rateWindow,
        },
        queue,
        token: token === undefined ? null : { expiresAt: toIso(token.expiresAt) },
        followers: counts,
        lastSync: toLastSync(lastSync),
        today: {
          sent: today.sent ?? 0,
          delivered: today.delivered ?? 0,
          undelivered: today.undelivered ?? 0,
          rejected: today.rejected ?? 0,
          skipped: today.skipped ?? 0,
          unknown: today.unknown ?? 0,
        },
      },
    ],
    database: config.databasePath,
    queueBackend: config.queue.kind,
  }
}

/** The narrower of what the pacing allows and what is configured; null = neither. */
function toLimit(paced: number | null, configured: number): number | null {
  const limit = paced === null ? null : Math.round(paced * 10) / 10
  if (configured === 0) return limit
  return Math.min(limit ?? configured, configured)
}

/** The rest is worth telling while the queue cannot be asked. */
async function loadQueue({ openQueue, held }: Account, remark: (sentence: string) => void) {
  try {
    const [counts, waiting] = await openQueue().run((queue) =>
      Promise.all([
        queue.getJobCounts('prioritized', 'active', 'delayed', 'failed'),
        // The embedded queue does not count what waits in a paused queue among its "waiting".
        queue.getCountsPerPriority([0]),
      ]),
    )
    const dangers = await openQueue().findDangers()
    for (const { sentence } of dangers) remark(sentence)
    const { prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
    return { waiting: (waiting[0] ?? 0) + prioritized, active, delayed, held: await held.count(), failed }
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error
    remark(error.message)
    return null
  }
}

function toLastSync(run: SyncRunRow | undefined) {
  if (run === undefined) return null
  const { id, status, resumed, total, pages, seen, fetched, added, updated, unsubscribed } = run
  return {
    runId: id,
    status,
    resumed,
    total,
    pages,
    seen,
    fetched,
    added,
    updated,
    unsubscribed,
    withoutUnionid: run.withoutUnionid,
    durationMs: run.durationMs,
    error: run.error,
    startedAt: toIso(run.startedAt),
    finishedAt: toIso(run.finishedAt),
  }
}

function toText({ accounts, database, queueBackend }: Status, timezone: string): string {
  const formatTime = createTimeFormat(timezone)
  const fields = accounts.flatMap((account) => toFields(account, formatTime))
  return renderFields([...fields, ['Database', database], ['Queue in', queueBackend]])
}

function toFields(account: AccountStatus, formatTime: (iso: string | null) => string): [string, string][] {
  const { paused, rate, queue, token, followers, lastSync, today } = account
  return [
    ['Account', account.account],
    ['Sending', paused === null ? 'not paused' : toPausedText(paused, formatTime)],
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
