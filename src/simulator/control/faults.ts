import { type Call, isRecord } from '../platform/answers.ts'
import { type Fault, type FaultAction, namedFaultActions } from './fault.ts'
import { createScript, findRecurrenceProblem, findStranger, isCount } from './script.ts'

const fieldNames = [
  'path',
  'action',
  'times',
  'after',
  'probability',
  'match',
  'accepted',
  'everyMs',
] as const satisfies (keyof Fault)[]

/** The scripted faults, asked once per call. */
export function createFaults(random: () => number) {
  const script = createScript<Fault, Call>(
    random,
    ({ path, match }, call) =>
      (path === undefined || covers(path, call.path)) && (!match || carries(call, match)),
  )
  return {
    ...script,
    add(fault: Fault) {
      const problem = findFaultProblem(fault)
      if (problem !== undefined) throw new TypeError(problem)
      return script.add(fault)
    },
  }
}

function covers(wanted: string, path: string): boolean {
  return wanted.endsWith('/') ? path.startsWith(wanted) : path === wanted
}

function carries(call: Call, { openid, templateId }: NonNullable<Fault['match']>): boolean {
  const holds = (text: string) => call.body.includes(text) || call.rawQuery.includes(encodeURIComponent(text))
  return (openid === undefined || holds(openid)) && (templateId === undefined || holds(templateId))
}

/** Undefined when `value` is a Fault, else what is wrong with it. */
export function findFaultProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'a fault is an object'
  const problem = findStranger(value, fieldNames) ?? findRecurrenceProblem(value)
  if (problem !== undefined) return problem
  const { path, match, accepted, everyMs } = value
  if (path !== undefined && !(typeof path === 'string' && path.startsWith('/'))) {
    return 'path: expected a string that starts with /'
  }
  if (accepted !== undefined && typeof accepted !== 'boolean') return 'accepted: expected true or false'
  if (everyMs !== undefined && !isCount(everyMs, 1)) return 'everyMs: expected milliseconds from 1'
  if (match !== undefined && !isMatch(match)) return 'match: expected {openid?: string, templateId?: string}'
  return isAction(value.action)
    ? undefined
    : `action: expected {errcode, errmsg?}, {status, body?}, {delayMs} or one of ${namedFaultActions.join(', ')}`
}

export function isFault(value: unknown): value is Fault {
  return findFaultProblem(value) === undefined
}

function isAction(action: unknown): action is FaultAction {
  if (typeof action === 'string') return namedFaultActions.some((name) => name === action)
  if (!isRecord(action)) return false
  const { errcode, errmsg, status, body, delayMs } = action
  if (errcode !== undefined) {
    return Number.isInteger(errcode) && (errmsg === undefined || typeof errmsg === 'string')
  }
  if (status !== undefined) return isCount(status, 200) && (body === undefined || typeof body === 'string')
  return isCount(delayMs, 0)
}

export function isMatch(match: unknown): boolean {
  if (!isRecord(match)) return false
  const isTextOrAbsent = (value: unknown) => value === undefined || typeof value === 'string'
  return isTextOrAbsent(match.openid) && isTextOrAbsent(match.templateId)
}
