import { second } from '../../base/duration.ts'
import type { Semaphore } from '../../base/semaphore.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { DatabaseError } from '../../db/databaseError.ts'
import type { HeldPushes } from '../../db/heldPushes.ts'
import type { PushRow, PushRows } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'
import type { WechatApi } from '../../wechat/api.ts'
import { WechatApiError, WechatNetworkError } from '../../wechat/errors.ts'
import type { TemplateCheck } from '../templates/templateCheck.ts'
import type { TemplateGuard } from '../templates/templateGuard.ts'
import { type Ending, findEnding, toEnded } from './end.ts'
import { findWait, mayHandOver, mayHold } from './findWait.ts'
import { type FailedCall, type JudgeDeps, judge } from './judge.ts'
import { isFollowedNext, isKnownNext, type OtherAccounts } from './otherAccounts.ts'
import type { OtherPushes } from './otherPushes.ts'
import type { SendOutcome } from './outcome.ts'
import { toClientMsgId, toHeldRow, toRefusalColumns } from './pushRow.ts'
import { recordAccepted } from './recordAccepted.ts'
import { type Directory, type FollowerIds, resolveRecipient } from './resolve.ts'
import type { UserLimits } from './userLimits.ts'

export interface TryDeps extends JudgeDeps, Pick<TemplateCheck, 'findMissingKeywords'> {
  /** Sends under way at once: every try takes one. */
  slots: Semaphore
  /** Tries under way at once. */
  concurrency(): number
  /** False while nothing may be sent, and when the worker is to stop. */
  mayTry(): boolean
  pushes: Pick<PushRows, 'add' | 'record' | 'recordSent'>
  held: Pick<HeldPushes, 'hold' | 'findFirst'>
  api: Pick<WechatApi, 'sendTemplate'>
  others: Pick<OtherPushes, 'accepted' | 'failed'>
  directory: Directory
  otherAccounts: OtherAccounts
  /** Queues a push whose record says so for the next of its accounts; safe to repeat. Rejects with QueueUnavailableError. */
  handOver(row: PushRow): Promise<void>
  markLeft(openid: string): Promise<unknown>
  /** A message is out and its record cannot be written yet. */
  onUnrecorded(error: DatabaseError): void
  /** Aborted when the worker can wait no longer. */
  signal: AbortSignal
  /** Undefined for messages that do not wait for a template that vanished. */
  templateGuard: TemplateGuard | undefined
  /** Undefined where users are to be sent whatever is pushed. */
  userLimits: UserLimits | undefined
}

export type Processed =
  /** The push has its final record. */
  | { kind: 'done'; wasSent: boolean }
  /** It waits in the database for its user to follow; another job will bring it. */
  | { kind: 'held' }
  /** To be handed out again after `delay` milliseconds; `cause` may concern other pushes too. */
  | { kind: 'later'; delay: number; cause?: SendOutcome | DatabaseError }

/** `superseded`: the push has another row than was thought, which says how far it is. */
export type Step = Processed | { kind: 'superseded' }

export interface Try {
  push: PushJob
  /** What is known before it. */
  row: PushRow
  starts: number
  /** Nobody has looked for a row yet. */
  isNew: boolean
}

interface TryInSlot extends Try {
  /** Lets another try begin; may be called twice. */
  releaseSlot(): void
}

export const done: Processed = { kind: 'done', wasSent: false }
const sent: Processed = { kind: 'done', wasSent: true }
const superseded: Step = { kind: 'superseded' }

/** Waits before anything is decided: what was true before a wait need not be true after it. */
export async function tryInSlot(
  deps: TryDeps,
  task: Try,
  acquire: Semaphore['acquire'] = deps.slots.acquire,
): Promise<Step> {
  await acquire(deps.concurrency())
  let hasEnded = false
  const releaseSlot = () => {
    if (!hasEnded) deps.slots.release()
    hasEnded = true
  }
  try {
    if (!deps.mayTry()) return { kind: 'later', delay: second }
    const { push, row, starts, isNew } = task
    return await tryOnce(deps, { push, row, starts, isNew, releaseSlot })
  } finally {
    // Not before all has been done about what this try tells of the others.
    if (!hasEnded) setImmediate(releaseSlot)
  }
}

async function tryOnce(deps: TryDeps, task: TryInSlot): Promise<Step> {
  const { push, row } = task
  const ending = findEnding(push, row, deps.maxAttempts)
  if (ending) return end(deps, task, row, ending)
  if (push.next && (await isKnownNext(deps, push, row))) return done
  const recipient = await resolveRecipient(push, deps.directory)
  if (mayHold(push, row)) {
    const wait = await findWait(deps.held, push, row, recipient)
    const goesOn = recipient.kind === 'nobody' && (await isFollowedNext(deps, push, recipient.ids.unionid))
    if (wait !== undefined && !goesOn) {
      const isHeld = await hold(deps, push, { ...row, ...recipient.ids }, wait)
      return isHeld ? { kind: 'held' } : superseded
    }
  }
  if (recipient.kind === 'follower') {
    const found = deps.findMissingKeywords(push)
    const missing = found instanceof Promise ? await found : found
    if (missing === undefined) return { kind: 'later', delay: second }
    if (missing.length > 0) return end(deps, task, { ...row, ...recipient.ids }, toIncomplete(missing))
    if (row.unknownSince === null && deps.templateGuard?.isPaused(push.templateId)) {
      const wait = await deps.templateGuard.findWait(push.templateId)
      if (wait) return waitUntil(deps, task, { ...row, ...recipient.ids, reason: 'paused' }, wait)
    }
    const quiet = findUserLimits(deps, row)?.findQuiet(push, Date.now())
    if (quiet === undefined) return send(deps, task, recipient.ids)
    if ('status' in quiet) return end(deps, task, { ...row, ...recipient.ids }, quiet)
    const wait = { until: quiet.until, detail: toStored(quiet.detail) }
    return waitUntil(deps, task, { ...row, ...recipient.ids, reason: 'quiet' }, wait)
  }
  const { ids, reason, detail } = recipient
  if (mayHandOver(push, row) && (reason === 'not_following' || reason === 'unionid_pending')) {
    return handOver(deps, task, { ...row, ...ids }, detail)
  }
  return end(deps, task, { ...row, ...ids }, { status: 'skipped', reason, detail })
}

/** A try without an answer may have reached the user already, and its repetition counts only while WeChat recognises it. */
function findUserLimits({ userLimits }: TryDeps, { unknownSince }: PushRow): UserLimits | undefined {
  return unknownSince === null ? userLimits : undefined
}

/** It goes on as a push whose try is to be repeated does. */
async function waitUntil(
  deps: TryDeps,
  task: Try,
  row: PushRow,
  { until, detail }: { until: number; detail: string },
): Promise<Step> {
  const waiting: PushRow = { ...row, status: 'queued', detail }
  const { status, reason, detail: known } = task.row
  // What has waited for the same before need not be written again.
  const isKnown = !task.isNew && status === 'queued' && reason === row.reason && known === detail
  if (!isKnown && !(await save(deps, task, waiting))) return superseded
  return { kind: 'later', delay: beforeExpiry(task.push, Math.max(second, until - Date.now())) }
}

function toIncomplete(missing: readonly string[]): Ending {
  const fields = missing.map((key) => `data.${key}`).join(', ')
  const detail = say('outcome.data_missing', { missing: missing.join(', '), fields })
  return { status: 'rejected', reason: 'data_invalid', detail }
}

function hold({ held }: TryDeps, push: PushJob, row: PushRow, detail: Sentence): Promise<boolean> {
  return held.hold(
    toHeldRow(push, row, toStored(detail)),
    push.next?.map(({ appid }) => appid),
  )
}

/** The record comes first: after a crash nobody who follows by then gets the push twice. */
async function handOver(deps: TryDeps, task: Try, row: PushRow, why: Sentence): Promise<Step> {
  const [next] = task.push.next ?? []
  const detail = say('outcome.handed_over', { why, next: next?.name ?? next?.appid ?? '' })
  const ended = toEnded(row, { status: 'skipped', reason: 'handed_over', detail })
  if (!(await save(deps, task, ended))) return superseded
  await deps.handOver(ended)
  return done
}

async function end(deps: TryDeps, task: Try, row: PushRow, ending: Ending): Promise<Step> {
  return (await save(deps, task, toEnded(row, ending))) ? done : superseded
}

async function send(deps: TryDeps, task: TryInSlot, { unionid, openid }: FollowerIds): Promise<Step> {
  const { push, row, starts } = task
  const sending: PushRow = {
    ...row,
    unionid,
    openid,
    status: 'sending',
    reason: null,
    detail: null,
    attempts: row.attempts + 1,
    unknownSince: row.unknownSince ?? Date.now(),
  }
  // The row comes first: after a crash it tells that there may have been a call.
  const userLimits = findUserLimits(deps, row)
  if (userLimits) {
    const counted = { id: push.id, templateId: push.templateId, ids: { unionid, openid } }
    const step = await userLimits.withinCaps(counted, async (ending) => {
      if (ending) return end(deps, task, { ...row, unionid, openid }, ending)
      return (await save(deps, task, sending)) ? 'begun' : superseded
    })
    if (step !== 'begun') return step
  } else if (!(await save(deps, task, sending))) return superseded
  const { templateId, data, url, miniprogram } = push
  const clientMsgId = toClientMsgId(row)
  let msgid: string
  try {
    const answer = await deps.api.sendTemplate({ openid, templateId, data, url, miniprogram, clientMsgId })
    msgid = answer.msgid
  } catch (error) {
    if (!(error instanceof WechatApiError || error instanceof WechatNetworkError)) throw error
    return recordFailed(deps, task, sending, { push, before: row, starts, openid, error })
  }
  deps.others.accepted(row.id)
  deps.templateGuard?.accepted(templateId, sending.unknownSince ?? 0)
  task.releaseSlot()
  await recordAccepted(deps, sending, { msgid, reason: null, detail: null })
  return sent
}

async function recordFailed(
  deps: TryDeps,
  { push, row, releaseSlot }: TryInSlot,
  sending: PushRow,
  call: FailedCall,
): Promise<Processed> {
  const { pushes } = deps
  const outcome = await judge(deps, call)
  const next = {
    ...sending,
    ...toRefusalColumns(call.error),
    detail: toStored(outcome.detail),
    unknownSince: row.unknownSince,
  }
  switch (outcome.kind) {
    case 'sent':
      releaseSlot()
      await recordAccepted(deps, next, outcome.accepted)
      return sent
    case 'final': {
      const { status, reason, hasLeft, detail } = outcome
      if (hasLeft) await deps.markLeft(call.openid)
      if (hasLeft) {
        const goesOn = !push.hold || (await isFollowedNext(deps, push, next.unionid))
        if (mayHandOver(push, row) && goesOn) {
          const task = { push, row: next, starts: call.starts, isNew: false }
          const step = await handOver(deps, task, next, detail)
          return step.kind === 'superseded' ? done : step
        }
        if (mayHold(push, row)) return (await hold(deps, push, next, detail)) ? { kind: 'held' } : done
      }
      await pushes.record({ ...next, status, reason, finishedAt: Date.now() })
      return done
    }
    case 'retry': {
      const attempts = outcome.counts ? sending.attempts : row.attempts
      const unknownSince = outcome.isUnclear ? sending.unknownSince : row.unknownSince
      await pushes.record({ ...next, status: 'queued', reason: 'retry', attempts, unknownSince })
      return { kind: 'later', delay: beforeExpiry(push, outcome.delay), cause: outcome }
    }
    case 'pause_template': {
      await deps.templateGuard?.pause(push.templateId, outcome)
      await pushes.record({ ...next, status: 'queued', reason: 'paused', attempts: row.attempts })
      return { kind: 'later', delay: beforeExpiry(push, second), cause: outcome }
    }
    case 'pause': {
      const attempts = outcome.counts ? sending.attempts : row.attempts
      await pushes.record({ ...next, status: 'queued', reason: 'paused', attempts })
      return { kind: 'later', delay: beforeExpiry(push, second), cause: outcome }
    }
    default:
      return outcome satisfies never
  }
}

/** False when another row stands in its way. */
function save({ pushes }: TryDeps, { isNew }: Try, row: PushRow): Promise<boolean> {
  return isNew ? pushes.add(row) : pushes.record(row)
}

/** So that a push that cannot be sent in time gets its final record in time. */
function beforeExpiry({ expiresAt }: PushJob, delay: number): number {
  return expiresAt === undefined ? delay : Math.min(delay, Math.max(0, expiresAt - Date.now()))
}
