import * as z from 'zod'
import type { PushRecord } from './record.ts'

const text = z.string().nullable()

export const pushRecordSchema = z.object({
  id: z.string(),
  account: z.string(),
  unionid: text,
  openid: text,
  templateId: z.string(),
  status: z.string(),
  reason: text,
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
