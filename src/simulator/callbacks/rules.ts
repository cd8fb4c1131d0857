import * as z from 'zod'
import { fields, flag, parseInput, text, wholeNumber } from '../control/input.ts'
import { match, recurrence } from '../control/recurrence.ts'
import { createScript } from '../control/script.ts'
import { type CallbackEventName, callbackEventNames, type SimulatedEvent } from './event.ts'
import type { CallbackRule } from './rule.ts'

/** An event on its way, and the template of the message a receipt is about. */
export interface CallbackCase {
  event: SimulatedEvent
  templateId: string | undefined
}

const receipt = 'TEMPLATESENDJOBFINISH'

export const callbackRuleSchema = fields({
  ...recurrence,
  event: z.enum(callbackEventNames, `expected one of ${callbackEventNames.join(', ')}`).optional(),
  match: match.optional(),
  status: text.optional(),
  withoutMsgid: flag.optional(),
  beforeAnswer: flag.optional(),
  never: flag.optional(),
  delayMs: wholeNumber(0).optional(),
  copies: wholeNumber(0).optional(),
  overtakenBy: wholeNumber(0).optional(),
} satisfies Record<keyof CallbackRule, z.ZodType>)

/** What a script makes of the events, asked once per event. */
export function createCallbackRules(random: () => number) {
  const script = createScript<CallbackRule, CallbackCase>(random, (rule, { event, templateId }) => {
    const { openid = event.openid, templateId: wanted = templateId } = rule.match ?? {}
    return (
      (toEventName(rule) ?? event.event) === event.event && openid === event.openid && wanted === templateId
    )
  })
  return { ...script, add: (rule: CallbackRule) => script.add(parseInput(callbackRuleSchema, rule)) }
}

function toEventName({
  event,
  status,
  withoutMsgid,
  beforeAnswer,
  match,
}: CallbackRule): CallbackEventName | undefined {
  const isAboutReceipts =
    status !== undefined || withoutMsgid || beforeAnswer || match?.templateId !== undefined
  return isAboutReceipts ? receipt : event
}
