import * as z from 'zod'
import { minute, second } from '../base/duration.ts'
import { createSemaphore } from '../base/semaphore.ts'
import { DatabaseError } from '../db/databaseError.ts'
import { type HeldPushes, isHeldPush } from '../db/sqlite/heldPushes.ts'
import type { PushRow, PushRows } from '../db/sqlite/pushes.ts'
import type { PushReason } from '../push/status.ts'
import { type PushJob, pushJobSchema } from '../queue/job.ts'
import type { WechatApi } from '../wechat/api.ts'
import { errcode } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'
import { keepSent } from './keepSent.ts'
import type { OtherPushes } from './otherPushes.ts'
import { decide, type Outcome } from './outcome.ts'
import { toProgress } from './progress.ts'
import {
  type Delivery,
  toClientMsgId,
  toHeldFor,
  toHeldRow,
  toInvalidRow,
  toNewRow,
  toRefusal,
} from './pushRow.ts'
import { type Directory, type FollowerIds, type Ids, resolveRecipient } from './resolve.ts'

export interface ProcessorDeps {
  appid: string
  maxAttempts: number
  /** Tries under way at once. */
  concurrency(): number
  /** False while nothing may be sent, and when the worker is to stop. */
  mayTry(): boolean
  pushes: Pick<PushRows, 'add' | 'find' | 'record' | 'recordSent'>
  held: Pick<HeldPushes, 'hold' | 'findFirst'>
  /** Queues the first of the pushes that were held for a user. */
  releaseNext(recipient: string): Promise<void>
  api: Pick<WechatApi, 'sendTemplate'>
  others: Pick<OtherPushes, 'accepted' | 'failed'>
  directory: Directory
  /** Whether the account has this template after all, which WeChat has just denied. */
  isTemplate(templateId: string): Promise<boolean>
  markLeft(openid: string): Promise<void>
  /** A message is out and its record cannot be written yet. */
  onUnrecorded(error: DatabaseError): void
  /** Aborted when the worker can wait no longer. */
  signal: AbortSignal
}

export type Processed =
  /** The push has its final record. */
  | { kind: 'done'; wasSent: boolean }
  /** It waits in the database for its user to follow; another job will bring it. */
  | { kind: 'held' }
  /** To be handed out again after `delay` milliseconds; `cause` may concern other pushes too. */
  | { kind: 'later'; delay: number; cause?: Outcome | DatabaseError }

/** Writes a row; false when another one stands in its way. */
type Save = (row: PushRow) => Promise<boolean>

interface Task {
  push: PushJob
  /** What is known before this try. */
  row: PushRow
  starts: number
  /** For the first write of this try. */
  save: Save
  /** Lets another try begin; may be called twice. */
  releaseSlot(): void
}

/** WeChat sends one message per openid and client_msg_id within 10 minutes; a call takes up to 20 s to get there. */
const dedupeWindow = 10 * minute - 20 * second
const mayHaveBeenAccepted = 'a try got no answer and may have been accepted'
const done: Processed = { kind: 'done', wasSent: false }

export interface Processor {
  /** Brings one push as far as it can be brought now; throws only what nobody foresaw. */
  process(delivery: Delivery): Promise<Processed>
  /** The final record of a push that this program cannot bring to an end. */
  giveUp(delivery: Delivery, detail: string): Promise<void>
}

export function createProcessor(deps: ProcessorDeps): Processor {
  const { appid, maxAttempts, pushes } = deps
  const underWay = new Set<string>()
  const semaphore = createSemaphore()

  return {
    async process(delivery) {
      const { push, fresh } = read(delivery)
      // A client of another language can queue an id twice.
      if (underWay.has(fresh.id)) return { kind: 'later', delay: second }
      underWay.add(fresh.id)
      try {
        return push ? await process(push, fresh, delivery) : await settle(fresh, delivery)
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        return { kind: 'later', delay: 5 * second, cause: error }
      } finally {
        underWay.delete(fresh.id)
      }
    },
    async giveUp(delivery, detail) {
      const { row, recipient } = await findProgress(read(delivery).fresh, delivery)
      if (row) await end(row, 'rejected', 'internal_error', detail, pushes.record)
      if (recipient !== undefined) await deps.releaseNext(recipient)
    },
  }

  function read(delivery: Delivery): { push: PushJob | undefined; fresh: PushRow } {
    const { data: push, error } = pushJobSchema.safeParse(delivery.data)
    if (push) return { push, fresh: toNewRow(appid, push, delivery) }
    return { push, fresh: toInvalidRow(appid, z.prettifyError(error), delivery) }
  }

  async function process(push: PushJob, fresh: PushRow, delivery: Delivery): Promise<Processed> {
    const { starts } = delivery
    // Nearly always there is no row yet, which the first write finds out more cheaply than a read.
    if (starts === 1 && !push.hold) {
      const processed = await attemptWithSlot({ push, row: fresh, starts, save: pushes.add })
      if (processed) return processed
    }
    const { row, recipient } = await findProgress(fresh, delivery)
    const processed = (row && (await attemptWithSlot({ push, row, starts, save: pushes.record }))) ?? done
    if (recipient !== undefined && processed.kind === 'done') await deps.releaseNext(recipient)
    return processed
  }

  async function findProgress(fresh: PushRow, delivery: Delivery) {
    return toProgress(await pushes.find(fresh.id), fresh, delivery)
  }

  /** Waits before anything is decided: what was true before a wait need not be true after it. */
  async function attemptWithSlot({
    push,
    row,
    starts,
    save,
  }: Omit<Task, 'releaseSlot'>): Promise<Processed | undefined> {
    await semaphore.acquire(deps.concurrency())
    let hasEnded = false
    const releaseSlot = () => {
      if (!hasEnded) semaphore.release()
      hasEnded = true
    }
    try {
      if (!deps.mayTry()) return { kind: 'later', delay: second }
      return await attempt({ push, row, starts, save, releaseSlot })
    } finally {
      // Not before all has been done about what this try tells of the others.
      if (!hasEnded) setImmediate(releaseSlot)
    }
  }

  async function attempt(task: Task): Promise<Processed | undefined> {
    const { push, row, save } = task
    const now = Date.now()
    if (row.unknownSince !== null && now - row.unknownSince > dedupeWindow) {
      return end(row, 'unknown', 'ambiguous', 'too long ago for WeChat to recognise a repetition', save)
    }
    if (push.expiresAt !== undefined && push.expiresAt <= now) {
      return end(row, 'skipped', 'expired', 'it expired before it could be sent', save)
    }
    if (row.attempts >= maxAttempts) {
      return end(row, 'rejected', 'retries_exhausted', `${row.attempts} tries failed`, save)
    }
    const recipient = await resolveRecipient(push, deps.directory)
    // What may have been accepted is not called held.
    const mayWait = push.hold && row.unknownSince === null
    if (recipient.kind === 'follower') {
      if (!mayWait || !(await isOvertaking(row, recipient.ids))) return send(task, recipient.ids)
      return hold(push, { ...row, ...recipient.ids }, 'others that were held for this user go out first')
    }
    const { ids, reason, detail } = recipient
    const known = { ...row, ...ids }
    if (mayWait && (reason === 'not_following' || reason === 'unionid_pending'))
      return hold(push, known, detail)
    return end(known, 'skipped', reason, detail, save)
  }

  /** Whether others that were held for the user are still on their way. */
  async function isOvertaking(row: PushRow, ids: Ids): Promise<boolean> {
    return !isHeldPush(row) && (await deps.held.findFirst(toHeldFor(ids))) !== undefined
  }

  async function hold(push: PushJob, row: PushRow, detail: string): Promise<Processed | undefined> {
    return (await deps.held.hold(toHeldRow(push, row, detail))) ? { kind: 'held' } : undefined
  }

  async function send(task: Task, { unionid, openid }: FollowerIds): Promise<Processed | undefined> {
    const { push, row, save } = task
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
    if (!(await save(sending))) return undefined
    const { templateId, data, url, miniprogram } = push
    const clientMsgId = toClientMsgId(row)
    let msgid: string
    try {
      const answer = await deps.api.sendTemplate({ openid, templateId, data, url, miniprogram, clientMsgId })
      msgid = answer.msgid
    } catch (error) {
      if (!(error instanceof WechatApiError || error instanceof WechatNetworkError)) throw error
      return fail(task, sending, openid, error)
    }
    deps.others.accepted(row.id)
    task.releaseSlot()
    await keepSent(deps, sending, { msgid, reason: null, detail: null })
    return { kind: 'done', wasSent: true }
  }

  async function fail(
    task: Task,
    sending: PushRow,
    openid: string,
    error: WechatApiError | WechatNetworkError,
  ): Promise<Processed> {
    const { push, row, starts } = task
    const outcome = decide(
      error,
      {
        attempts: sending.attempts,
        maxAttempts,
        starts,
        isUnclear: row.unknownSince !== null,
        lastErrcode: row.errcode,
        isBelieved: await isBelieved(error, push.templateId, openid),
        ...(await deps.others.failed(error, row)),
        opensMiniprogram: push.miniprogram !== undefined,
      },
      Math.random(),
    )
    const next = { ...sending, ...toRefusal(error), detail: outcome.detail, unknownSince: row.unknownSince }
    switch (outcome.kind) {
      case 'sent':
        task.releaseSlot()
        await keepSent(deps, next, outcome.accepted)
        return { kind: 'done', wasSent: true }
      case 'final':
        if (outcome.hasLeft) await deps.markLeft(openid)
        if (outcome.hasLeft && push.hold && row.unknownSince === null) {
          return (await hold(push, next, outcome.detail)) ?? done
        }
        await pushes.record({
          ...next,
          status: outcome.status,
          reason: outcome.reason,
          finishedAt: Date.now(),
        })
        return done
      case 'retry':
        await pushes.record({
          ...next,
          status: 'queued',
          reason: 'retry',
          attempts: outcome.counts ? sending.attempts : row.attempts,
          unknownSince: outcome.isUnclear ? sending.unknownSince : row.unknownSince,
        })
        return { kind: 'later', delay: beforeExpiry(push, outcome.delay), cause: outcome }
      case 'pause': {
        const attempts = outcome.counts ? sending.attempts : row.attempts
        await pushes.record({ ...next, status: 'queued', reason: 'paused', attempts })
        return { kind: 'later', delay: beforeExpiry(push, second), cause: outcome }
      }
    }
  }

  /** WeChat sometimes denies what it has; only what it told us of itself deserves a second look. */
  async function isBelieved(error: Error, templateId: string, openid: string): Promise<boolean> {
    if (!(error instanceof WechatApiError)) return false
    if (error.errcode === errcode.invalidTemplateId) return deps.isTemplate(templateId)
    if (error.errcode !== errcode.invalidOpenid) return false
    return (await deps.directory.findByOpenid(openid))?.subscribed === true
  }

  /** Ends a push without a call, which is honest only if no earlier call is in doubt. */
  async function end(
    row: PushRow,
    status: 'rejected' | 'skipped' | 'unknown',
    reason: PushReason<'rejected' | 'skipped' | 'unknown'>,
    detail: string,
    save: Save,
  ): Promise<Processed | undefined> {
    const outcome =
      row.unknownSince === null
        ? { status, reason, detail }
        : {
            status: 'unknown' as const,
            reason: 'ambiguous' as const,
            detail: `${mayHaveBeenAccepted}: ${detail}`,
          }
    return (await save({ ...row, ...outcome, finishedAt: Date.now() })) ? done : undefined
  }

  async function settle(invalid: PushRow, delivery: Delivery): Promise<Processed> {
    const { row } = await findProgress(invalid, delivery)
    if (row) await pushes.record(invalid)
    return done
  }
}

/** So that a push that cannot be sent in time gets its final record in time. */
function beforeExpiry({ expiresAt }: PushJob, delay: number): number {
  return expiresAt === undefined ? delay : Math.min(delay, Math.max(0, expiresAt - Date.now()))
}
