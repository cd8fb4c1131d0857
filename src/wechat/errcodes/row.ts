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
  meaning: string
  /** What a person can do about it. */
  advice?: string
}

type Meaning = string | readonly [meaning: string, advice: string]

/** Rows that have class and cause in common. */
export function group<C extends ErrcodeClass>(
  errcodeClass: C,
  reason: ReasonOf[C],
  meanings: Record<number, Meaning>,
) {
  return Object.entries(meanings).map(([code, given]): [number, ErrcodeRow] => {
    const row = { class: errcodeClass, reason }
    return [
      Number(code),
      typeof given === 'string'
        ? { ...row, meaning: given }
        : { ...row, meaning: given[0], advice: given[1] },
    ]
  })
}
