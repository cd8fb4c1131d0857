import * as z from 'zod'
import type { Call } from '../platform/answers.ts'
import { type Fault, type FaultMatch, namedFaultActions } from './fault.ts'
import { fields, flag, parseInput, wholeNumber } from './input.ts'
import { recurrence, subject } from './recurrence.ts'
import { createScript } from './script.ts'

const pathRule = 'expected a text that starts with /'
const statusRule = 'expected 200 to 599'
const actions = `{errcode, errmsg?}, {status, body?}, {delayMs} or one of ${namedFaultActions.join(', ')}`

const action = z.union(
  [
    z.enum(namedFaultActions),
    z.strictObject({ errcode: z.int(), errmsg: z.string().optional() }),
    z.strictObject({ status: z.int(statusRule).min(200).max(599), body: z.string().optional() }),
    z.strictObject({ delayMs: wholeNumber(0) }),
  ],
  `expected ${actions}`,
)

export const faultSchema = fields({
  ...recurrence,
  path: z.string(pathRule).startsWith('/', pathRule).optional(),
  action,
  match: fields({ ...subject, moreThan: wholeNumber(0).optional() }).optional(),
  accepted: flag.optional(),
  everyMs: wholeNumber(1).optional(),
} satisfies Record<keyof Fault, z.ZodType>)

/** The scripted faults, asked once per call. */
export function createFaults(random: () => number) {
  const script = createScript<Fault, Call>(
    random,
    ({ path, match }, call) =>
      (path === undefined || covers(path, call.path)) && (!match || carries(call, match)),
  )
  return { ...script, add: (fault: Fault) => script.add(parseInput(faultSchema, fault)) }
}

function covers(wanted: string, path: string): boolean {
  return wanted.endsWith('/') ? path.startsWith(wanted) : path === wanted
}

function carries(call: Call, { openid, templateId, moreThan }: FaultMatch): boolean {
  const holds = (text: string) => call.body.includes(text) || call.rawQuery.includes(encodeURIComponent(text))
  return (
    (openid === undefined || holds(openid)) &&
    (templateId === undefined || holds(templateId)) &&
    (moreThan === undefined || call.body.split('"openid"').length - 1 > moreThan)
  )
}
