import { minute, second } from '../base/duration.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { Chunk } from '../db/broadcasts/recipients.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import type { Sender } from '../push/sender.ts'
import { createCoalescing, createKeyedQueue } from './keyedQueue.ts'
import { type TurnShare, toShares } from './shares.ts'

export interface HandOutDeps {
  broadcasts: Pick<
    Broadcasts,
    'claim' | 'claimRetries' | 'find' | 'finishChunk' | 'giveBack' | 'renew' | 'takeRate'
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
}

/** How long recipients belong to a process that is not heard of any more. */
const lease = 20 * second
/** Well inside the ten minutes in which WeChat knows a message again. A process that stood still does not go on after. */
const longestSilence = 5 * minute

/** Recipients of which broadcast were handed out, and when this process last said that it has them. */
interface Held {
  no: number
  at: number
}

/** Hands the recipients who are next out to turns of this process. */
export function createHandOut(deps: HandOutDeps) {
  const { broadcasts, sender } = deps
  const underWay = new Map<Chunk, Held>()
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
      const ours = [...underWay].filter(([, held]) => isOurs(held))
      await Promise.all(
        ours.map(async ([chunk, held]) => {
          await broadcasts.renew(held.no, [chunk], at + lease)
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
    const { granted, nextAt, held, handed } = await inTurn(id, () => claim(row, wanted))
    if (granted === 0) return same({ kind: 'wait', until: nextAt })
    if (handed === undefined) return same({ kind: 'idle' })
    if (!Array.isArray(handed)) underWay.set(handed, held)
    const shares = toShares(handed, turns, (chunk, isDone) => endChunk(row.no, chunk, isDone))
    return shares.map((share) => Object.assign(share, { row, isOurs: () => isOurs(held) }))
  }

  async function claim(row: BroadcastRow, wanted: number) {
    const now = Date.now()
    const { granted, nextAt } = await broadcasts.takeRate(row, wanted, now)
    const held: Held = { no: row.no, at: now }
    if (granted === 0) return { granted, nextAt, held, handed: undefined }
    const retries = await broadcasts.claimRetries(row.no, granted, now, lease)
    const handed = retries.length > 0 ? retries : await broadcasts.claim(row.no, granted, now, lease)
    return { granted, nextAt, held, handed }
  }

  /** One of which that is not known is taken over when its time is up. */
  async function endChunk(no: number, chunk: Chunk, isDone: boolean | undefined): Promise<void> {
    try {
      if (isDone) await broadcasts.finishChunk(no, chunk)
      else if (isDone === false) await broadcasts.giveBack(no, chunk, Date.now())
    } finally {
      underWay.delete(chunk)
    }
  }
}

function isOurs({ at }: Held): boolean {
  return Date.now() - at < longestSilence
}
