/** Whom a refusal speaks for; `unclear` until more is known. */
export type Concern = 'account' | 'push' | 'unclear'

/** Tells refusals of the account from those that one recipient or message gets although the code is of the account. */
export interface Evidence {
  /** WeChat accepted a send. */
  accepted(): void
  /** `isRepeated`: what the push got the last time, too. */
  judge(errcode: number, pushId: string, isRepeated: boolean): Promise<Concern>
}

export interface EvidenceDeps {
  /** A paused account tries one push, which stands for it. */
  isTrial(): boolean
  /** Pushes that could be sent now, those under way included. */
  countAtHand(): Promise<number>
}

const witnessesOfAccount = 5

/** Different pushes in a row that are refused alike, with none accepted in between, speak for the account. */
export function createEvidence({ isTrial, countAtHand }: EvidenceDeps): Evidence {
  const witnesses = new Map<number, Set<string>>()
  let hasAccepted = false

  return {
    accepted() {
      hasAccepted = true
      if (witnesses.size > 0) witnesses.clear()
    },
    async judge(errcode, pushId, isRepeated) {
      const known = witnesses.get(errcode) ?? new Set()
      if (isTrial()) return 'account'
      // Another one was accepted between its tries.
      if (isRepeated && hasAccepted && !known.has(pushId)) return 'push'
      witnesses.set(errcode, known.add(pushId))
      if (known.size >= witnessesOfAccount) return 'account'
      return known.size >= (await countAtHand()) ? 'account' : 'unclear'
    },
  }
}
