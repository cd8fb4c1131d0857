import { day } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { type Sentence, say, toEnglish } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { Followers } from '../db/followers.ts'
import type { Leases } from '../db/leases/leases.ts'
import type { SyncRunRow, SyncRuns, SyncStep } from '../db/syncRuns.ts'
import type { WechatApi } from '../wechat/api.ts'
import { dropUnlisted, toTolerance } from './dropUnlisted.ts'
import { createFetchInfos } from './fetchInfos.ts'
import { type HeldLease, holdLease } from './lease.ts'
import { listPages } from './listPages.ts'
import { createProgress, type SyncProgress } from './progress.ts'
import { readFollowers } from './readFollowers.ts'
import { retry } from './retry.ts'
import { LeaseLostError, openRunRecord, type RunRecord, takenOver } from './runRecord.ts'
import { sampleUnionids } from './sampleUnionids.ts'
import { isFromWechat, stoppedOnRequest, toErrorSentence, toRefusal } from './sentence.ts'
import { settleUnionid } from './settleUnionid.ts'

/** After that much time what a run saw says too little about who follows now. */
const resumableFor = 7 * day

/** For contradictions, in one run; what is left waits for the next. */
const mostSingleCalls = 5_000

export interface SyncDeps {
  api: Pick<WechatApi, 'getFollowerPage' | 'getFollowers' | 'getFollower'>
  followers: Followers
  syncRuns: SyncRuns
  leases: Leases
  log: Log
  now?: () => number
}

export interface SyncOptions {
  appid: string
  /** Fetch every follower again. */
  full?: boolean
  /** Believe a list that leaves out most followers. */
  force?: boolean
  /** Batchgets in flight. */
  concurrency: number
  /** Days after which what is known of a follower is fetched again. */
  refreshDays: number
  /** Ends the run after the calls in flight; the next one resumes it. */
  signal?: AbortSignal | undefined
  /** Told once, when the run has its record. */
  onBegin?: ((runId: number) => void) | undefined
  /** Told once, with a sentence, when there is a lease to wait for. */
  onWait?: ((sentence: Sentence) => void) | undefined
  /** At most ten times a second. */
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** The counts are those of the whole run, parts before it was resumed included. */
export interface SyncResult extends SyncStep {
  runId: number | null
  /** interrupted: the next sync goes on there. stopped: WeChat's list is not to be believed. busy: another process syncs. */
  status: 'complete' | 'interrupted' | 'stopped' | 'busy'
  resumed: boolean
  /** Followers by WeChat's own count. */
  total: number
  /** Why it is not complete, as the database keeps it. */
  error: string | null
  /** What WeChat refused with, if that is why. */
  refusal?: { errcode: number; rid: string | null } | undefined
}

type HeldOptions = SyncOptions & { signal: AbortSignal }

interface Ending {
  status: 'complete' | 'interrupted' | 'stopped'
  error: string | null
  refusal?: SyncResult['refusal']
}

/**
 * Makes the followers table equal to WeChat's list, resuming an interrupted run. Faults of WeChat and of the network end
 * it as `interrupted`; only faults of the database reject.
 */
export async function syncFollowers(deps: SyncDeps, options: SyncOptions): Promise<SyncResult> {
  const { leases, syncRuns, log } = deps
  const { appid, signal = new AbortController().signal } = options
  const onWait = (sentence: Sentence) => {
    log.info(toEnglish(sentence))
    options.onWait?.(sentence)
  }
  const lease = await holdLease({ leases, name: `sync ${appid}`, log, signal, onWait })
  if ('heldBy' in lease) {
    const error = toStored(say('sync.busy', { owner: lease.heldBy }))
    return toResult(await syncRuns.findLast(), { status: 'busy', error })
  }
  try {
    return await runHeld(deps, { ...options, signal: AbortSignal.any([signal, lease.lost]) }, lease)
  } finally {
    await lease.release()
  }
}

async function runHeld(deps: SyncDeps, options: HeldOptions, lease: HeldLease): Promise<SyncResult> {
  const { syncRuns, log, now = Date.now } = deps
  const { full = false } = options
  const run = await syncRuns.begin({ full, now: now(), resumableSince: now() - resumableFor })
  const held = { id: run.id, lease: lease.name, owner: lease.owner }
  const record = await openRunRecord({ syncRuns, now }, run, held)
  log.info({ runId: run.id, resumed: run.resumed }, 'follower sync started')
  options.onBegin?.(run.id)

  async function interrupt(error: unknown): Promise<Ending> {
    const reason = toReason(error, options.signal)
    if (reason === undefined) throw error
    await record.save()
    return { status: 'interrupted', error: toStored(reason), refusal: toRefusal(error) }
  }

  const ending = await follow(deps, options, record)
    .catch(interrupt)
    .catch((error): Ending => {
      if (error instanceof LeaseLostError) return { status: 'interrupted', error: toStored(takenOver) }
      throw error
    })
  await syncRuns.finish(held, { ...ending, finishedAt: now() })

  const { total } = record.position()
  const result = toResult({ ...run, ...record.totals(), total }, ending)
  const { error, ...counts } = result
  if (error === null) log.info(counts, 'follower sync complete')
  else log.warn({ ...counts, reason: error }, 'follower sync incomplete')
  return result
}

async function follow(
  { api, followers, syncRuns, log, now = Date.now }: SyncDeps,
  { force = false, concurrency, refreshDays, signal, onProgress }: HeldOptions,
  record: RunRecord,
): Promise<Ending> {
  const { run } = record
  const report = onProgress && createProgress(onProgress, run.seen, now)
  const withRetry = <T>(call: () => Promise<T>) => retry(call, { signal, log })
  const fetchInfos = createFetchInfos((openids) => withRetry(() => api.getFollowers(openids)))
  const deps = { followers, fetchInfos, record, now }
  const onBatch = () => report?.({ ...record.totals(), total: record.position().total })

  let gap: Sentence | undefined
  if (!run.listed) {
    const sample = run.full ? undefined : await sampleUnionids({ followers, fetchInfos })
    // What an earlier part of a resumed run has fetched may be old as well; the next run will notice.
    const isFull = run.full || (sample?.haveChanged === true && !run.resumed)
    if (isFull && !run.full) {
      log.warn(
        'unionids differ from those known: the account seems to be bound to another Open Platform account, everybody is fetched again',
      )
      record.write(syncRuns.toFull(run.id))
    }
    const staleBefore = isFull ? run.startedAt : now() - refreshDays * day
    const options = { concurrency, staleBefore, asksNameless: !sample?.areAbsent, signal, onBatch }
    const ask = (cursor: string | undefined) => withRetry(() => api.getFollowerPage(cursor))
    let highest = 0
    for await (const page of listPages({ ask, from: run.cursor ?? undefined, log })) {
      const { openids, total, nextOpenid, oddRows, ending } = page
      highest = Math.max(highest, total)
      // The empty page after the last one may say anything.
      record.move({ total: openids.length > 0 ? total : Math.max(total, record.position().total) })
      await readFollowers(openids, deps, options)
      record.count({ pages: openids.length > 0 ? 1 : 0, oddRows })
      gap = ending === undefined ? undefined : findGap(record, highest, ending)
      // A list that broke off is asked for its rest when the run is resumed.
      if (gap === undefined) record.move({ cursor: nextOpenid ?? null, listed: ending !== undefined })
      await record.save()
      onBatch()
    }
  }
  const error = await dropUnlisted(deps, { force, concurrency, signal })
  await record.save()
  const askOne = (openid: string) => withRetry(() => api.getFollower(openid))
  let calls = 0
  for await (const unionid of followers.sharedUnionids()) {
    signal.throwIfAborted()
    if (calls > mostSingleCalls) break
    calls += await settleUnionid(unionid, { followers, ask: askOne, log, now })
  }
  const doubt = (force ? undefined : gap) ?? error
  return doubt === undefined
    ? { status: 'complete', error: null }
    : { status: 'stopped', error: toStored(doubt) }
}

/** Some leave or come while the list is read; more than that means that WeChat ended its list early. */
function findGap(record: RunRecord, highest: number, ending: Sentence): Sentence | undefined {
  const total = Math.max(highest, record.position().total)
  const { seen, oddRows } = record.totals()
  if (total - seen - oddRows <= toTolerance(total)) return undefined
  return say('sync.broke_off', { total, seen, ending })
}

function toReason(error: unknown, signal: AbortSignal): Sentence | undefined {
  if (isFromWechat(error)) return toErrorSentence(error)
  return signal.aborted ? stoppedOnRequest : undefined
}

function toResult(
  run: SyncRunRow | undefined,
  { status, error, refusal }: Pick<SyncResult, 'status' | 'error' | 'refusal'>,
): SyncResult {
  return {
    runId: run?.id ?? null,
    status,
    resumed: run?.resumed ?? false,
    total: run?.total ?? 0,
    pages: run?.pages ?? 0,
    seen: run?.seen ?? 0,
    fetched: run?.fetched ?? 0,
    added: run?.added ?? 0,
    updated: run?.updated ?? 0,
    unsubscribed: run?.unsubscribed ?? 0,
    withoutUnionid: run?.withoutUnionid ?? 0,
    oddRows: run?.oddRows ?? 0,
    durationMs: run?.durationMs ?? 0,
    error,
    ...(refusal && { refusal }),
  }
}
