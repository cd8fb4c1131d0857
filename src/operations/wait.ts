import { setTimeout as sleep } from 'node:timers/promises'
import type { Backoff } from '../base/backoff.ts'
import { second } from '../base/duration.ts'
import type { Sentence } from '../base/sentences/sentence.ts'
import type { PushRows } from '../db/pushes.ts'
import { createControlClient } from '../push/controlClient.ts'
import type { PushRecord } from '../push/record.ts'
import { toPushRecord } from '../push/toPushRecord.ts'
import { type WaitOptions, waitForPush } from '../push/wait.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'

const backoff: Backoff = { first: 50, factor: 1.5, longest: 100 }

interface WaitDeps {
  /** Of the account. */
  name: string
  pushes: Pick<PushRows, 'find'>
}

/**
 * The record of a push when it has come as far as is wanted, or to another end. Only the table is asked: the process of
 * the worker writes every end there. Rejects with TimeoutError, or with the reason of `signal`.
 */
export function waitForRecord(
  { name, pushes }: WaitDeps,
  id: string,
  options: WaitOptions,
  signal: AbortSignal,
): Promise<PushRecord> {
  return waitForPush({ find: findRecord, backoff }, id, options, signal)

  async function findRecord(): Promise<PushRecord | null> {
    const row = await pushes.find(id)
    return row ? toPushRecord(row, name) : null
  }
}

/** With the 5 s that a question waits for its answer, a missing worker is told after 10 s. */
const askAfter = 5 * second

interface MissingWorkerDeps {
  /** Where workers are asked; closed by the one who waits. */
  openControlQueue(): ProducerQueue
}

/**
 * Why a push that is waited for does not get on: a worker that cannot be asked cannot send either. Undefined when one
 * answers, or the wait has ended.
 */
export async function findMissingWorker(
  { openControlQueue }: MissingWorkerDeps,
  id: string,
  ended: AbortSignal,
): Promise<Sentence | undefined> {
  const isDue = await sleep(askAfter, true, { signal: ended }).catch(() => false)
  if (!isDue) return undefined
  const control = openControlQueue()
  const close = () => control.close()
  ended.addEventListener('abort', close)
  try {
    await createControlClient(control).find(id)
    return undefined
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error
    return ended.aborted ? undefined : error.sentence
  } finally {
    await close()
  }
}
