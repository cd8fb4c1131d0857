import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { createPusher, type PusherOptions } from '../../src/library/createPusher.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import type { RequestedPush } from './asks.ts'

export type Told = 'queued' | 'duplicate' | 'unavailable'

export interface CallerBook {
  /** What the caller was told about each push, in order. */
  told: Map<string, Told[]>
  /** What was thrown at the caller, with all that hangs on it. */
  errors: string[]
}

const chunkSize = 10

/** Asks for everything at its time, and again as long as the queue cannot be reached, until `signal`. */
export async function ask(
  asks: readonly RequestedPush[],
  book: CallerBook,
  options: PusherOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of asks) book.told.set(id, [])
  const note = (id: string, told: Told) => book.told.get(id)?.push(told)
  const pusher = createPusher(options)
  const startedAt = performance.now()
  const pending: Promise<void>[] = []
  const many: RequestedPush[] = []

  async function insist(ids: readonly string[], call: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof QueueUnavailableError)) throw error
        book.errors.push(inspect(error, { depth: 10 }))
        for (const id of ids) note(id, 'unavailable')
        await sleep(100)
      }
    }
  }

  const askOne = ({ id, message }: RequestedPush) =>
    insist([id], async () => {
      const { status } = await pusher.push(message)
      note(id, status)
    })

  const askMany = (chunk: readonly RequestedPush[]) =>
    insist(
      chunk.map(({ id }) => id),
      async () => {
        await pusher.pushMany(chunk.map(({ message }) => message))
        for (const { id } of chunk) note(id, 'queued')
      },
    )

  for (const one of asks) {
    await sleep(Math.max(0, one.at - (performance.now() - startedAt)))
    if (one.isOneOfMany) many.push(one)
    else pending.push(askOne(one))
    if (one.isRepeated) pending.push(askOne(one))
    if (many.length === chunkSize) pending.push(askMany(many.splice(0)))
  }
  if (many.length > 0) pending.push(askMany(many))
  await Promise.all(pending)
  await pusher.close()
}
