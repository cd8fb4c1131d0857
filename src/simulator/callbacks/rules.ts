import { isMatch } from '../control/faults.ts'
import { createScript, findRecurrenceProblem, findStranger, isCount } from '../control/script.ts'
import { isRecord } from '../platform/answers.ts'
import { type CallbackEventName, callbackEventNames, type SimulatedEvent } from './event.ts'
import type { CallbackRule } from './rule.ts'

/** An event on its way, and the template of the message a receipt is about. */
export interface CallbackCase {
  event: SimulatedEvent
  templateId: string | undefined
}

const receipt = 'TEMPLATESENDJOBFINISH'
const fieldNames = [
  'event',
  'match',
  'times',
  'after',
  'probability',
  'status',
  'withoutMsgid',
  'beforeAnswer',
  'never',
  'delayMs',
  'copies',
  'overtakenBy',
] as const satisfies (keyof CallbackRule)[]

/** What a script makes of the events, asked once per event. */
export function createCallbackRules(random: () => number) {
  const script = createScript<CallbackRule, CallbackCase>(random, (rule, { event, templateId }) => {
    const { openid = event.openid, templateId: wanted = templateId } = rule.match ?? {}
    return (
      (toEventName(rule) ?? event.event) === event.event && openid === event.openid && wanted === templateId
    )
  })
  return {
    ...script,
    add(rule: CallbackRule) {
      const problem = findCallbackRuleProblem(rule)
      if (problem !== undefined) throw new TypeError(problem)
      return script.add(rule)
    },
  }
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

/** Undefined when `value` is a CallbackRule, else what is wrong with it. */
export function findCallbackRuleProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'a rule is an object'
  const problem = findStranger(value, fieldNames) ?? findRecurrenceProblem(value)
  if (problem !== undefined) return problem
  const { event, match, status } = value
  if (event !== undefined && !isEventName(event))
    return `event: expected one of ${callbackEventNames.join(', ')}`
  if (match !== undefined && !isMatch(match)) return 'match: expected {openid?: string, templateId?: string}'
  if (status !== undefined && typeof status !== 'string') return 'status: expected a text'
  const flag = ['withoutMsgid', 'beforeAnswer', 'never'].find((name) => !isFlagOrAbsent(value[name]))
  if (flag !== undefined) return `${flag}: expected true or false`
  const count = ['delayMs', 'copies', 'overtakenBy'].find(
    (name) => value[name] !== undefined && !isCount(value[name], 0),
  )
  return count && `${count}: expected a whole number from 0`
}

export function isCallbackRule(value: unknown): value is CallbackRule {
  return findCallbackRuleProblem(value) === undefined
}

export function isEventName(value: unknown): value is CallbackEventName {
  return callbackEventNames.some((name) => name === value)
}

function isFlagOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}
