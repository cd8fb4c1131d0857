import { minute, second } from '../base/duration.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRecipient, Chunk } from '../db/broadcasts/recipients.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import type { Sender } from '../push/sender.ts'
import { createCoalescing, createKeyedQueue } from './keyedQueue.ts'
import { type TurnShare, toShares } from './shares.ts'

export interface HandOutDeps {
  broadcasts: Pick<
    Broadcasts,
    'claim' | 'claimRetries' | 'find' | 'finishChunk' | 'giveBack' | 'renew' | 'renewRetries' | 'takeRate'
  >
  sender: Pick<Sender, 'isOneByOne' | 'concurrency'>
  /** As it is at this moment. */
  saw(row: BroadcastRow): void
  /** Pauses it when too many failed; true when it did. */
  checkFailures(row: BroadcastRow): Promise<boolean>
}

export type TurnEnd =
  /** Some were handed out and done with. */
  | { kind: 'worked' }
  /** At its rate the next may go then; epoch milliseconds. */
  | { kind: 'wait'; until: number }
  /** Nobody is to be sent to now. */
  | { kind: 'idle' }

/** What a turn has to do, and for which broadcast. */
export type TurnTask = TurnShare & {
  row: BroadcastRow
  /** False when another process may have sent to them so long ago that WeChat would take another try for a new message. */
  isOurs(): boolean
  /** That recipient is done with, or waits again. */
  letGo(recipient: BroadcastRecipient): void
}

/** How long recipients belong to a process that is not heard of any more. */
const lease = 20 * second
/** Well inside the ten minutes in which WeChat knows a message again. A process that stood still does not go on after. */
const longestSilence = 5 * minute

/** Recipients that were handed out, of which broadcast, and when this process last said that it has them. */
interface Held {
  no: number
  at: number
  /** Undefined for those who are tried again. */
  chunk: Chunk | undefined
  retries: Set<BroadcastRecipient>
}

/** Hands the recipients who are next out to turns of this process. */
export function createHandOut(deps: HandOutDeps) {
  const { broadcasts, sender } = deps
  const underWay = new Set<Held>()
  /** Two that ask at once would both be told of the same recipients, and one of them in vain. */
  const inTurn = createKeyedQueue()
  /** One by one each turn has one recipient, and asking for each alone would take longer than sending. */
  const coalesced = createCoalescing((id, turns) => begin(id, turns, turns))

  return {
    async next(id: string): Promise<TurnTask | TurnEnd> {
      if (sender.isOneByOne()) return coalesced(id)
      const [task = { kind: 'idle' as const }] = await begin(id, 1, sender.concurrency())
      return task
    },
    /** Tells the others that this process lives. */
    async renew(): Promise<void> {
      const at = Date.now()
      await Promise.all(
        [...underWay].filter(isOurs).map(async (held) => {
          const { no, chunk, retries } = held
          if (chunk) await broadcasts.renew(no, [chunk], at + lease)
          else await broadcasts.renewRetries(no, [...retries], at + lease)
          held.at = at
        }),
      )
    },
  }

  /** What so many turns have to do. */
  async function begin(id: string, turns: number, wanted: number): Promise<(TurnTask | TurnEnd)[]> {
    const same = (end: TurnEnd) => Array.from({ length: turns }, () => end)
    const row = await broadcasts.find(id)
    if (row) deps.saw(row)
    if (row?.status !== 'running' || (await deps.checkFailures(row))) return same({ kind: 'idle' })
    const { granted, nextAt, handed, at } = await inTurn(id, () => claim(row, wanted))
    if (granted === 0) return same({ kind: 'wait', until: nextAt })
    if (handed === undefined) return same({ kind: 'idle' })
    const given = Array.isArray(handed)
      ? { chunk: undefined, retries: new Set(handed) }
      : { chunk: handed, retries: new Set<BroadcastRecipient>() }
    const held: Held = { no: row.no, at, ...given }
    underWay.add(held)
    const shares = toShares(handed, turns, (isDone) => end(held, isDone))
    const letGo = (recipient: BroadcastRecipient) => void held.retries.delete(recipient)
    return shares.map((share) => Object.assign(share, { row, isOurs: () => isOurs(held), letGo }))
  }

  async function claim(row: BroadcastRow, wanted: number) {
    const at = Date.now()
    const { granted, nextAt } = await broadcasts.takeRate(row, wanted, at)
    if (granted === 0) return { granted, nextAt, at, handed: undefined }
    const retries = await broadcasts.claimRetries(row.no, granted, at, lease)
    const handed = retries.length > 0 ? retries : await broadcasts.claim(row.no, granted, at, lease)
    return { granted, nextAt, at, handed }
  }

  /** A chunk of which that is not known is taken over when its time is up; each retry ends by itself. */
  async function end(held: Held, isDone: boolean | undefined): Promise<void> {
    const { no, chunk } = held
    try {
      if (chunk && isDone) await broadcasts.finishChunk(no, chunk)
      else if (chunk && isDone === false) await broadcasts.giveBack(no, chunk, Date.now())
    } finally {
      underWay.delete(held)
    }
  }
}

function isOurs({ at }: Held): boolean {
  return Date.now() - at < longestSilence
}
