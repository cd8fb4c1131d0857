import { hash } from 'node:crypto'
import { type Fact, say } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { HeldPush } from '../../db/heldPushes.ts'
import type { PushRow } from '../../db/pushes.ts'
import { type PushJob, pushJobSchema, toJobId } from '../../queue/job.ts'
import { WechatApiError, type WechatNetworkError } from '../../wechat/errors.ts'

/** A job as the queue hands it out. */
export interface Delivery {
  jobId: string
  data: unknown
  /** When the job was added; epoch milliseconds. */
  timestamp: number
  /** How often it has been handed out, this time included. */
  starts: number
}

/** The most of a job nobody can read that is worth keeping. */
const unreadableLimit = 2_000

/** The record of a push that nothing has happened to yet. */
export function toNewRow(appid: string, push: PushJob, { jobId, timestamp }: Delivery): PushRow {
  return toQueuedRow(appid, push, {
    jobId: jobId === push.id ? null : jobId,
    message: JSON.stringify(push),
    createdAt: Math.floor(push.createdAt ?? timestamp),
    generation: push.generation ?? 0,
    attempts: 0,
    errcode: null,
    unknownSince: null,
  })
}

type Known = Pick<
  PushRow,
  'jobId' | 'message' | 'createdAt' | 'generation' | 'attempts' | 'errcode' | 'unknownSince'
>

/** The same with what is known of it. Written out, because a spread here costs ten times as much. */
export function toQueuedRow(appid: string, push: PushJob, known: Known): PushRow {
  return {
    id: push.id,
    appid,
    unionid: push.unionid ?? null,
    openid: push.openid ?? null,
    templateId: push.templateId,
    status: 'queued',
    reason: null,
    detail: null,
    msgid: null,
    errcode: known.errcode,
    errmsg: null,
    rid: null,
    attempts: known.attempts,
    seq: 0,
    generation: known.generation,
    unknownSince: known.unknownSince,
    jobId: known.jobId,
    message: known.message,
    createdAt: known.createdAt,
    expiresAt: push.expiresAt ?? null,
    heldFor: null,
    heldAt: null,
    place: null,
    sentAt: null,
    finishedAt: null,
  }
}

/** The final record of a job that is no push, under its own push id if it has one. */
export function toInvalidRow(appid: string, problem: Fact, delivery: Delivery): PushRow {
  const { id, unionid, openid, templateId }: Record<string, unknown> = Object(delivery.data)
  const push: PushJob = {
    v: 1,
    id: toText(id) ?? `job ${delivery.jobId}`,
    unionid: toText(unionid),
    openid: toText(openid),
    templateId: toText(templateId) ?? '',
    data: {},
  }
  return {
    ...toNewRow(appid, push, delivery),
    message: JSON.stringify(delivery.data).slice(0, unreadableLimit),
    status: 'rejected',
    reason: 'invalid_job',
    detail: toStored(say('outcome.invalid_job', { problem })),
    finishedAt: Date.now(),
  }
}

/** What was asked for; undefined for the record of a job that was no push. */
export function toPush({ message }: Pick<PushRow, 'message'>): PushJob | undefined {
  try {
    return pushJobSchema.safeParse(JSON.parse(message)).data
  } catch {
    return undefined
  }
}

/** At most 32 ASCII characters, and another for every message sent on purpose. */
export function toClientMsgId({ appid, id, generation }: PushRow): string {
  return hash('sha256', `${appid} ${generation} ${id}`).slice(0, 32)
}

export function toRefusalColumns(
  error: WechatApiError | WechatNetworkError,
): Pick<PushRow, 'errcode' | 'errmsg' | 'rid'> {
  return error instanceof WechatApiError
    ? { errcode: error.errcode, errmsg: error.errmsg, rid: error.rid ?? null }
    : { errcode: null, errmsg: null, rid: null }
}

/** The record of a push that waits for its user to follow. It keeps its place however often that happens. */
export function toHeldRow(push: PushJob, row: PushRow, detail: string): HeldPush {
  return {
    ...row,
    status: 'queued',
    reason: 'hold',
    detail,
    heldFor: toHeldFor(row, push),
    heldAt: Math.max(Date.now(), (row.heldAt ?? 0) + 1),
    place: row.place ?? push.createdAt ?? row.createdAt,
  }
}

/** One job each time a push was held: queuing it twice is queuing it once, and an old one is known for what it is. */
export function toHeldJobId({ id, heldAt }: HeldPush): string {
  return toJobId(id, `held${heldAt}`)
}

/**
 * The line that a held push stands in. A push by openid has no unionid, whatever else is known of its user; one that may
 * go to several accounts waits with those that may go to the same ones, as the others wait for another follow.
 */
export function toHeldFor(
  { unionid, openid }: Pick<PushRow, 'unionid' | 'openid'>,
  { next = [] }: Pick<PushJob, 'next'>,
): string {
  const user = unionid ?? openid ?? ''
  return next.length === 0 ? user : [user, ...next.map(({ appid }) => appid)].join(' ')
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 256) : undefined
}
