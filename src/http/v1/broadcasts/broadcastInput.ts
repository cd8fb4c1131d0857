import * as z from 'zod'
import { rule } from '../../../base/sentences/rule.ts'
import { say } from '../../../base/sentences/sentence.ts'
import type { BroadcastInput } from '../../../operations/broadcasts/broadcasts.ts'
import { time } from '../pushes/pushBody.ts'

const share = z.union([z.string(), z.number()]).optional()
const fields = {
  account: z.string().optional().describe('name or AppID, where there are several'),
  templateId: z.string(),
  url: z.string().optional(),
  name: z.string().optional(),
  startAt: time.describe('not before'),
  expiresAt: time.describe('who was not sent to by then is skipped'),
  window: z.string().optional().describe('such as 09:00-21:00, in TIMEZONE'),
  canary: share.describe('1% or a number: so many first'),
  maxFailures: share.describe('share of failures above which it pauses; default 20%'),
  except: z.string().optional().describe('id of a broadcast: who got that one is left out'),
}
const data = z
  .record(z.string(), z.union([z.string(), z.object({ value: z.string() })]))
  .describe('keyword -> text, with {{column}} for what a row of the audience fills in')
const miniprogram = z.strictObject({ appid: z.string(), pagepath: z.string().optional() })

/** Files are those of the caller, so their rows are sent and no path is. */
export const broadcastBody = z.strictObject({
  ...fields,
  data,
  miniprogram: miniprogram.optional(),
  rate: z.number().optional().describe('sends per second over all processes'),
  dryRun: z.boolean().optional().describe('only tell what would happen'),
  audience: z.union([
    z.strictObject({ all: z.literal(true) }),
    z.strictObject({ rows: z.array(z.record(z.string(), z.unknown())) }),
    z.strictObject({ tag: z.int().optional(), scene: z.string().optional(), since: time }),
  ]),
}) satisfies z.ZodType<BroadcastInput>

const jsonRule = rule(say('field.json'))

const json = <S extends z.ZodType>(schema: S) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.issues.push({ code: 'custom', message: jsonRule, input: text })
        return z.NEVER
      }
    })
    .pipe(schema)

/** What is said beside rows that are streamed. */
const rowsQuery = z.strictObject({
  ...fields,
  data: json(data),
  miniprogram: json(miniprogram).optional(),
  rate: z.coerce.number().positive().optional(),
  dryRun: z.stringbool().optional(),
})

/** As the description has it: without rows nothing of it is wanted. */
export const broadcastQuery = rowsQuery.partial().describe('with rows as NDJSON: what else there is to say')

export function parseRowsQuery(query: unknown): z.output<typeof rowsQuery> {
  return rowsQuery.parse(query)
}
