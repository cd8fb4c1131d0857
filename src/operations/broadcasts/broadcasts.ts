import * as z from 'zod'
import { second } from '../../base/duration.ts'
import type { Language } from '../../base/sentences/language.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { BroadcastPlan, CancelledBroadcast, CreatedBroadcast } from '../../broadcast/answers.ts'
import {
  type Controlled,
  type ControlRefusal,
  cancelBroadcast,
  pauseBroadcast,
  resumeBroadcast,
  retryBroadcast,
} from '../../broadcast/control.ts'
import { createBroadcast } from '../../broadcast/create/create.ts'
import { type BroadcastInput, type CheckedInput, checkInput } from '../../broadcast/create/input.ts'
import { planBroadcast } from '../../broadcast/create/plan.ts'
import type { OnSkipped, SkippedRow } from '../../broadcast/create/skipped.ts'
import type { AccountPace } from '../../broadcast/pace/ends.ts'
import { findQuota, reservePercent } from '../../broadcast/pace/quota.ts'
import { type Broadcast, toBroadcast } from '../../broadcast/view.ts'
import type { AccountState } from '../../db/accountState.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import { type BroadcastRow, broadcastStatuses } from '../../db/broadcasts/row.ts'
import type { Templates } from '../../db/templates.ts'
import { InvalidPushError } from '../../push/invalidPush.ts'
import { finalStatuses, type PushReason } from '../../push/status.ts'
import type { WechatApi } from '../../wechat/api.ts'
import { findMissingKeywords } from '../../wechat/keywords.ts'
import { toKeywordFaults } from '../enqueue/keywords.ts'
import { count, isoTime, nullableText } from '../values.ts'
import { BroadcastError } from './broadcastError.ts'

export type { Broadcast, BroadcastInput, BroadcastPlan, CreatedBroadcast, OnSkipped, SkippedRow }
export { reservePercent }

const totals = {
  selected: count,
  waiting: count,
  ...Object.fromEntries(finalStatuses.map((status) => [status, count])),
}

export const broadcastSchema = z.strictObject({
  id: z.string(),
  name: nullableText,
  account: z.string(),
  templateId: z.string(),
  status: z.enum(broadcastStatuses),
  reason: nullableText,
  detail: nullableText,
  audience: z.union([
    z.strictObject({ all: z.literal(true) }),
    z.strictObject({ file: z.string() }),
    z.strictObject({ tag: z.int().optional(), scene: z.string().optional(), since: isoTime.optional() }),
  ]),
  counts: z.strictObject(totals),
  reasons: z.record(z.string(), count),
  rate: z.strictObject({ limit: z.number().nullable(), perSecond: z.number() }),
  etaSeconds: count.nullable(),
  endsAt: isoTime.nullable(),
  canary: z
    .strictObject({
      share: z.string(),
      size: count.nullable(),
      sent: count,
      delivered: count,
      undelivered: count,
      state: z.enum(['running', 'waiting', 'passed']),
    })
    .nullable(),
  createdAt: isoTime,
  startAt: isoTime.nullable(),
  startedAt: isoTime.nullable(),
  finishedAt: isoTime.nullable(),
})

const invalid = z.array(z.strictObject({ line: count, reason: z.string() }))
export const createdSchema = broadcastSchema.extend({ invalid, invalidTotal: count })
export const planSchema = z.strictObject({
  selected: count,
  sendable: count,
  skipped: z.record(z.string(), count),
  invalid,
  invalidTotal: count,
  samples: z.array(
    z.strictObject({
      openid: nullableText,
      unionid: nullableText,
      data: z.record(z.string(), z.string()),
      url: nullableText,
    }),
  ),
  quota: z.strictObject({ limit: count, used: count, left: z.int(), days: count }).nullable(),
  endsAt: isoTime.nullable(),
})

export interface BroadcastDeps {
  /** The account. */
  name: string
  broadcasts: Broadcasts
  accountState: Pick<AccountState, 'find'>
  api: Pick<WechatApi, 'getQuota'>
  templates: Pick<Templates, 'find'>
  config: AccountPace['config']
}

/** How long the quota is waited for before a broadcast is told without it. */
const quotaPatience = second

/** Writes the broadcast down; workers send it. Rejects with InvalidPushError, and then nothing was written. */
export async function createOne(
  deps: BroadcastDeps,
  input: BroadcastInput,
  language: Language = 'en',
  id?: string,
): Promise<CreatedBroadcast> {
  const checked = await checkOne(deps, input, language)
  // Meanwhile: the quota is only for what is told.
  const quota = findQuota(deps.api, AbortSignal.timeout(quotaPatience))
  const { row, ...told } = await createBroadcast(deps.broadcasts, checked, quota, id)
  return { ...(await viewOne(deps, row)), ...told }
}

/** What it would do. Rejects with InvalidPushError. */
export async function planOne(
  deps: BroadcastDeps,
  input: BroadcastInput,
  language: Language = 'en',
): Promise<BroadcastPlan> {
  const checked = await checkOne(deps, input, language)
  const { rate = null } = (await deps.accountState.find()) ?? {}
  return planBroadcast(deps, checked, { config: deps.config, rate })
}

/** A keyword that the listed template asks for would be missed for every single recipient. */
export async function checkOne(
  { templates }: BroadcastDeps,
  input: BroadcastInput,
  language: Language,
): Promise<CheckedInput> {
  const checked = checkInput(input, language)
  const listed = await templates.find(checked.templateId)
  const missing = listed ? findMissingKeywords(listed.content, checked.template.data) : []
  if (missing.length > 0) throw new InvalidPushError(toKeywordFaults(missing))
  return checked
}

export async function findBroadcast(deps: BroadcastDeps, id: string): Promise<Broadcast | undefined> {
  const row = await deps.broadcasts.find(id)
  return row && viewOne(deps, row)
}

/** Newest first. */
export async function listBroadcasts(deps: BroadcastDeps, limit: number): Promise<Broadcast[]> {
  const rows = await deps.broadcasts.list(limit)
  return Promise.all(rows.map((row) => viewOne(deps, row)))
}

/** These reject with BroadcastError. */
export async function pauseOne(deps: BroadcastDeps, id: string): Promise<Broadcast> {
  return viewOne(deps, toDone(await pauseBroadcast(deps.broadcasts, id), id))
}

export async function resumeOne(deps: BroadcastDeps, id: string): Promise<Broadcast> {
  return viewOne(deps, toDone(await resumeBroadcast(deps.broadcasts, id), id))
}

export async function cancelOne(deps: BroadcastDeps, id: string): Promise<CancelledBroadcast> {
  const row = toDone(await cancelBroadcast(deps.broadcasts, id), id)
  const { inFlight } = await deps.broadcasts.openWork(row.no)
  return { ...(await viewOne(deps, row)), inFlight }
}

export async function retryOne(
  deps: BroadcastDeps,
  id: string,
  reason?: PushReason,
): Promise<{ retried: number }> {
  const result = await retryBroadcast(deps.broadcasts, id, reason)
  if (result.kind === 'expired') {
    const at = new Date(result.expiresAt).toISOString()
    throw new BroadcastError('broadcast_over', say('broadcast.expired', { id, at }))
  }
  if (result.kind !== 'done') throw toError(result, id)
  return { retried: result.retried }
}

export async function viewOne(
  { name, broadcasts, accountState, config }: BroadcastDeps,
  row: BroadcastRow,
): Promise<Broadcast> {
  return toBroadcast(name, row, await broadcasts.counts(row.no), await accountState.find(), config)
}

function toDone(result: Controlled, id: string): BroadcastRow {
  if (result.kind !== 'done') throw toError(result, id)
  return result.row
}

function toError(refusal: ControlRefusal, id: string): BroadcastError {
  return refusal.kind === 'not_found'
    ? new BroadcastError('unknown_broadcast', say('broadcast.unknown', { id }))
    : new BroadcastError('broadcast_over', say('broadcast.over', { id, status: refusal.row.status }))
}
