import type { PushRow } from '../db/pushes.ts'
import type { SendResult } from '../push/sender.ts'
import { concernsTemplate } from '../wechat/errcode.ts'

/** So many recipients for whom WeChat denies the template, with nobody accepted in between, speak for all. */
const deniedInARow = 3

/** What is wrong with the template keeps the message from everybody, so that nobody need be burnt to see it. */
export function createDenials() {
  /** How many in a row were put off for it, by broadcast. */
  const denials = new Map<string, number>()

  return {
    /** Whether one result of a broadcast says that nobody will get it. */
    speaksForAll(id: string, result: SendResult): boolean {
      if (isDenied(result)) return true
      if (result.kind === 'ended' && result.row.sentAt !== null) denials.delete(id)
      if (result.kind !== 'later' || !isOfTemplate(result.row)) return false
      // WeChat sometimes denies a template that it has, and knows it again a moment later.
      const count = (denials.get(id) ?? 0) + 1
      denials.set(id, count % deniedInARow)
      return count >= deniedInARow
    },
  }
}

/** Refused for good, and through no fault of the recipient. */
export function isDenied(result: SendResult): boolean {
  return result.kind === 'ended' && result.row.status === 'rejected' && isOfTemplate(result.row)
}

function isOfTemplate({ errcode }: Pick<PushRow, 'errcode'>): boolean {
  return errcode !== null && concernsTemplate(errcode)
}
