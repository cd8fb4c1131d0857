import { isSentenceKey, type SentenceKey } from '../../base/sentences/sentence.ts'
import type { AccountReason, ErrcodeReason, MessageReason, PassingReason } from '../../push/status.ts'

/**
 * What to do about a code: T get another access_token, B back off, Q wait for the quota, R this recipient cannot be
 * reached, C this message cannot be sent, A the account or configuration is wrong, L the user must log in again,
 * O only seen when managing the account.
 */
export type ErrcodeClass = 'T' | 'B' | 'Q' | 'R' | 'C' | 'A' | 'L' | 'O'

/** What the codes of a class can stand for. */
interface ReasonOf {
  T: AccountReason
  B: PassingReason
  Q: AccountReason
  R: MessageReason
  C: MessageReason
  A: AccountReason
  L: MessageReason
  O: MessageReason
}

export interface ErrcodeRow {
  class: ErrcodeClass
  /** Machine-readable cause, as push records and pauses carry it. */
  reason: ErrcodeReason
  /** What it means, and what a person can do about it. */
  meaning: SentenceKey
}

/** Where a code may mean something of its own. */
type Place = '' | 'secret.' | 'send.' | 'onePush.' | 'miniprogram.'
type CodeAt<P extends Place> = SentenceKey extends infer K
  ? K extends `wechat.${P}${infer Code extends number}`
    ? Code
    : never
  : never

/** Rows that have class and cause in common; the catalogues say what each code means. */
export function group<C extends ErrcodeClass, P extends Place = ''>(
  errcodeClass: C,
  reason: ReasonOf[C],
  codes: readonly CodeAt<P>[],
  place?: P,
): [number, ErrcodeRow][] {
  return codes.map((code) => {
    const meaning = `wechat.${place ?? ''}${code}`
    if (!isSentenceKey(meaning)) throw new TypeError(`no sentence tells what ${meaning} means`)
    return [code, { class: errcodeClass, reason, meaning }]
  })
}
