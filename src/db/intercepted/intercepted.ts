import type { RecipientPlace } from '../receipts.ts'

/** A message that WeChat's review kept from its user, and the push it was. */
export interface Interception {
  /** WeChat's number of it, which grows. */
  id: number
  /** Null = another program sent it, or its record is gone. */
  push: InterceptedPush | null
}

export interface InterceptedPush {
  id: string
  generation: number
  detail: string
  /** Of a broadcast's message; undefined for a push by itself. */
  recipient?: RecipientPlace
}

/** Of a push by itself: recipients are found by their place. */
export function toPushId({ push }: Interception): string | null {
  return push === null || push.recipient ? null : push.id
}

/** What one account was told of the messages that WeChat intercepted. */
export interface Intercepted {
  /** The greatest number that was told of a template; 0 = none. */
  findLast(templateId: string): Promise<number>
  /** In one transaction: who is told once is not told again, and of pushes and recipients that are accepted and not delivered the detail is changed. */
  record(templateId: string, interceptions: readonly Interception[], at: number): Promise<void>
  /** Deletes what was told before that time, but for the last of each template; returns how many. */
  purge(before: number, limit: number): Promise<number>
}
