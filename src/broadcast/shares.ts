import type { BroadcastRecipient, Chunk } from '../db/broadcasts/recipients.ts'

/** Recipients for one turn; there may be none. */
export interface TurnShare {
  recipients: BroadcastRecipient[]
  wasRetried: boolean
  /** Called once, when all were brought, with whether all are done with; undefined = that is not known. */
  end(isDone: boolean | undefined): Promise<void>
}

/** Deals what was handed out to so many turns. */
export function toShares(
  handed: BroadcastRecipient[] | Chunk,
  turns: number,
  endAll: (isDone: boolean | undefined) => Promise<void>,
): TurnShare[] {
  const wasRetried = Array.isArray(handed)
  const recipients = wasRetried ? handed : handed.recipients
  const ends: (boolean | undefined)[] = []
  const end = async (isDone: boolean | undefined) => {
    ends.push(isDone)
    // It ends as a whole, with the last turn that had a part of it.
    if (ends.length === turns) await endAll(ends.includes(undefined) ? undefined : ends.every(Boolean))
  }
  return Array.from({ length: turns }, (_, turn) => ({
    recipients: recipients.filter((_, n) => n % turns === turn),
    wasRetried,
    end,
  }))
}
