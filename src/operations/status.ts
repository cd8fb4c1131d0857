import * as z from 'zod'
import type { AtLeastOne } from '../base/accounts/accountsSchema.ts'
import type { AccountSettings } from '../base/config.ts'
import { second, toShanghaiDayStart } from '../base/duration.ts'
import { toStored } from '../base/sentences/stored.ts'
import { toIso } from '../base/time.ts'
import type { AccountState } from '../db/accountState.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { Database } from '../db/database.ts'
import type { Followers } from '../db/followers.ts'
import type { HeldPushes } from '../db/heldPushes.ts'
import type { OpenCircuit, OpenCircuits } from '../db/openCircuits.ts'
import type { PushRows } from '../db/pushes.ts'
import type { SyncRunRow, SyncRuns } from '../db/syncRuns.ts'
import type { TemplatePauses } from '../db/templates.ts'
import { finalStatuses } from '../push/status.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import type { TokenSource } from '../wechat/token.ts'
import { pausedSchema, toPaused } from './pauses/paused.ts'
import { listPausedTemplates, pausedTemplateSchema } from './pauses/pausedTemplates.ts'
import { syncCounts } from './sync.ts'
import { count, isoTime, nullableText } from './values.ts'

const queueSchema = z.strictObject({
  waiting: count,
  active: count,
  delayed: count,
  held: count,
  failed: count,
})

export const accountStatusSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  paused: pausedSchema.nullable(),
  /** Templates whose pushes wait, while all others go out. */
  pausedTemplates: z.array(pausedTemplateSchema),
  /** What keeps a worker from sending, and from when on; null = nothing that any of them knows of. */
  circuit: z
    .strictObject({ need: z.enum(['queue', 'database', 'wechat']), detail: z.string(), since: isoTime })
    .nullable(),
  /** Sends per second: what is allowed at most, null = no limit, and what was sent in the last 10 s. */
  rate: z.strictObject({ limit: z.number().nullable(), perSecond: z.number() }),
  /** Null while the queue cannot be asked. */
  queue: queueSchema.nullable(),
  /** What a person should know of the queue besides, as sentences. */
  queueProblems: z.array(z.string()),
  token: z.strictObject({ expiresAt: isoTime }).nullable(),
  followers: z.strictObject({ subscribed: count, withUnionid: count, unsubscribed: count }),
  lastSync: z
    .strictObject({
      runId: z.int(),
      status: z.enum(['running', 'complete', 'interrupted', 'stopped']),
      resumed: z.boolean(),
      ...syncCounts,
      durationMs: count,
      error: nullableText,
      startedAt: isoTime,
      finishedAt: isoTime.nullable(),
    })
    .nullable(),
  /** Pushes by how they ended since 00:00 in Asia/Shanghai. */
  today: z.record(z.enum(finalStatuses), count),
})
export type AccountStatus = z.infer<typeof accountStatusSchema>

export const statusSchema = z.strictObject({
  accounts: z.array(accountStatusSchema),
  database: z.strictObject({
    engine: z.enum(['sqlite', 'postgres']),
    /** The file, or the server without user and password. */
    address: z.string(),
  }),
  queueBackend: z.enum(['redis', 'postgres', 'embedded']),
})
export type Status = z.infer<typeof statusSchema>

interface StatusDeps {
  name: string
  appid: string
  runtime: { database: Pick<Database, 'engine' | 'address'> }
  config: Pick<AccountSettings, 'pushRate'> & { queue: Pick<AccountSettings['queue'], 'kind'> }
  accountState: Pick<AccountState, 'find'>
  templatePauses: Pick<TemplatePauses, 'list'>
  openCircuits: Pick<OpenCircuits, 'findOldest'>
  followers: Pick<Followers, 'counts'>
  syncRuns: Pick<SyncRuns, 'findLast'>
  pushes: Pick<PushRows, 'countFinished' | 'countSent'>
  broadcasts: Pick<Broadcasts, 'perSecond'>
  held: Pick<HeldPushes, 'count'>
  tokens: Pick<TokenSource, 'peek'>
  openQueue(): Pick<ProducerQueue, 'run' | 'findDangers'>
}

const rateWindow = 10 * second

/** Of these accounts, which share database and queue. */
export async function loadStatus(accounts: AtLeastOne<StatusDeps>): Promise<Status> {
  const { config, runtime } = accounts[0]
  const { engine, address } = runtime.database
  return {
    accounts: await Promise.all(accounts.map(loadAccountStatus)),
    database: { engine, address },
    queueBackend: config.queue.kind,
  }
}

async function loadAccountStatus(deps: StatusDeps): Promise<AccountStatus> {
  const { accountState, openCircuits, followers, syncRuns, pushes, tokens } = deps
  const now = Date.now()
  const [state, pausedTemplates, circuit, token, counts, lastSync, today, recent, ofBroadcasts, queue] =
    await Promise.all([
      accountState.find(),
      listPausedTemplates(deps.templatePauses),
      openCircuits.findOldest(now),
      tokens.peek(),
      followers.counts(),
      syncRuns.findLast(),
      pushes.countFinished(toShanghaiDayStart(now)),
      pushes.countSent(now - rateWindow),
      deps.broadcasts.perSecond(),
      loadQueueCounts(deps),
    ])
  return {
    account: deps.name,
    appid: deps.appid,
    paused: toPaused(state),
    pausedTemplates,
    circuit: toCircuit(circuit),
    rate: {
      limit: toLimit(state?.rate ?? null, deps.config.pushRate),
      perSecond: Math.round(((recent * second) / rateWindow + ofBroadcasts) * 10) / 10,
    },
    ...queue,
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
  }
}

function toCircuit(circuit: OpenCircuit | undefined): AccountStatus['circuit'] {
  return circuit ? { need: circuit.need, detail: circuit.detail, since: toIso(circuit.since) } : null
}

/** The narrower of what the pacing allows and what is configured; null = neither. */
export function toLimit(paced: number | null, configured: number): number | null {
  const limit = paced === null ? null : Math.round(paced * 10) / 10
  if (configured === 0) return limit
  return Math.min(limit ?? configured, configured)
}

/** The rest is worth telling while the queue cannot be asked. */
async function loadQueueCounts({
  openQueue,
  held,
}: StatusDeps): Promise<Pick<AccountStatus, 'queue' | 'queueProblems'>> {
  try {
    const [counts, waiting] = await openQueue().run((queue) =>
      Promise.all([
        queue.getJobCounts('prioritized', 'active', 'delayed', 'failed'),
        // The embedded queue does not count what waits in a paused queue among its "waiting".
        queue.getCountsPerPriority([0]),
      ]),
    )
    const dangers = await openQueue().findDangers()
    const { prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
    return {
      queue: { waiting: (waiting[0] ?? 0) + prioritized, active, delayed, held: await held.count(), failed },
      queueProblems: dangers.map(({ sentence }) => toStored(sentence)),
    }
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error
    return { queue: null, queueProblems: [toStored(error.sentence)] }
  }
}

function toLastSync(run: SyncRunRow | undefined): AccountStatus['lastSync'] {
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
