import * as z from 'zod'
import type { PushRecord } from './record.ts'
import type { PushReason, PushStatus } from './status.ts'

const text = z.string().nullable()
/** A worker of another version may know words that are not known here. */
const word = <T extends string>() => z.custom<T>((value) => typeof value === 'string')

export const pushRecordSchema = z.object({
  id: z.string(),
  account: z.string(),
  unionid: text,
  openid: text,
  templateId: z.string(),
  status: word<PushStatus>(),
  reason: word<PushReason>().nullable(),
  detail: text,
  msgid: text,
  errcode: z.number().nullable(),
  errmsg: text,
  rid: text,
  attempts: z.number(),
  createdAt: z.string(),
  sentAt: text,
  finishedAt: text,
}) satisfies z.ZodType<PushRecord>
