import * as z from 'zod'
import type { PushMessage } from '../../../push/message.ts'

export const time = z
  .union([z.string(), z.int()])
  .optional()
  .describe('ISO 8601 with an offset, or epoch milliseconds')
const data = z
  .record(z.string(), z.union([z.string(), z.object({ value: z.string() })]))
  .describe('keyword of the template -> text')
const url = z.string().optional()
const miniprogram = z.object({ appid: z.string(), pagepath: z.string().optional() }).optional()

/** For the description: what is judged is judged where every push is. */
const described = z.object({
  unionid: z.string().optional(),
  openid: z.string().optional().describe('of the service account'),
  session: z.string().optional().describe('the token of a mini-program session'),
  account: z
    .union([
      z.string(),
      z.array(
        z.union([
          z.string(),
          z.object({
            account: z.string(),
            templateId: z.string().optional(),
            data: data.optional(),
            url,
            miniprogram,
          }),
        ]),
      ),
    ])
    .optional()
    .describe('name or AppID, or several in order of preference; needed only where there are several'),
  templateId: z.string(),
  data,
  url,
  miniprogram,
  id: z.string().optional().describe('the same id is one push; 1 to 128 printable characters'),
  sendAt: time,
  expiresAt: time,
  priority: z.int().min(0).max(2_097_151).optional(),
  hold: z.boolean().optional().describe('wait for a user who does not follow to do so, until expiresAt'),
  urgent: z.boolean().optional().describe('sent in quiet hours too'),
} satisfies Record<keyof PushMessage, z.ZodType>) satisfies z.ZodType<PushMessage>

/** A message as a JSON object; nothing more is asked of it here. */
export const pushBodySchema = z
  .looseObject({})
  .meta({ ...withoutSchema(z.toJSONSchema(described, { io: 'input' })) })

function withoutSchema({ $schema: _, ...json }: z.core.JSONSchema.BaseSchema): object {
  return json
}
