import * as z from 'zod'
import type { PushRecord } from './record.ts'
import { type PushReason, type PushStatus, pushReasons, pushStatuses } from './status.ts'

const text = z.string().nullable()
const time = z.iso.datetime()
const reasons = Object.values(pushReasons).flat()

export const pushRecordSchema = z.strictObject({
  id: z.string(),
  account: z.string(),
  appid: z.string(),
  unionid: text,
  openid: text,
  templateId: z.string(),
  status: z.enum(pushStatuses),
  reason: z.enum(reasons).nullable(),
  detail: text,
  next: text,
  broadcast: text,
  /** 19 digits. */
  msgid: text,
  errcode: z.int().nullable(),
  errmsg: text,
  rid: text,
  attempts: z.int().min(0),
  seq: z.int().min(0),
  createdAt: time,
  sentAt: time.nullable(),
  finishedAt: time.nullable(),
}) satisfies z.ZodType<PushRecord>

const word = <T extends string>() => z.custom<T>((value) => typeof value === 'string')

/** As a worker tells it, perhaps one of another version: that may have more fields, and words that are not known here. */
export const toldRecordSchema = z
  .object({
    ...pushRecordSchema.shape,
    // Older ones tell only the account, by its AppID.
    appid: z.string().optional(),
    status: word<PushStatus>(),
    reason: word<PushReason>().nullable(),
    next: text.default(null),
    broadcast: text.default(null),
    seq: z.int().min(0).default(0),
  })
  .transform((record) => ({
    ...record,
    appid: record.appid ?? record.account,
  })) satisfies z.ZodType<PushRecord>
