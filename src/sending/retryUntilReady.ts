import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../base/duration.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { Need } from '../health/circuitBreaker.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'

export interface PassingFault {
  need: Need
  error: Error
}

/** A server that is read-only or a disk that is full when the worker starts may be well again in a moment. */
export async function retryUntilReady(
  prepare: () => Promise<void>,
  judge: (error: unknown) => PassingFault,
  note: (fault: PassingFault) => void,
  isStopping: () => boolean,
): Promise<void> {
  while (!isStopping()) {
    const fault = await prepare().then(() => undefined, judge)
    if (!fault) return
    note(fault)
    await sleep(second)
  }
}

/** Throws what does not pass by itself. */
export function toPassingFault(error: unknown, isRefusal: WorkerQueue['isRefusal']): PassingFault {
  if (error instanceof DatabaseError) return { need: 'database', error }
  if (error instanceof Error && isRefusal(error)) return { need: 'queue', error }
  throw error
}
