import type { AccountState } from '../db/sqlite/accountState.ts'
import { manualPause } from '../push/status.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import type { Alerts } from './alerts.ts'

interface ByHandDeps {
  accountState: Pick<AccountState, 'find' | 'pauseByHand' | 'resume'>
  openQueue(): Pick<ProducerQueue, 'run'>
  alerts: Pick<Alerts, 'post'>
}

export interface ByHandResult {
  /** False when it was so before. */
  hasChanged: boolean
  /** Why the queue could not be told; its workers find out by themselves once they reach it. */
  unreachable: QueueUnavailableError | undefined
}

/** Stops the sends of an account until `resumeByHand`, whatever stopped them before. */
export async function pauseByHand(deps: ByHandDeps, detail: string): Promise<ByHandResult> {
  const hasChanged = await deps.accountState.pauseByHand({ detail, since: Date.now() })
  if (hasChanged) deps.alerts.post({ kind: 'paused', reason: manualPause, detail, probeAt: null })
  return { hasChanged, unreachable: await tellQueue(deps, 'pause') }
}

/** Ends any pause. What WeChat still refuses is paused again by the next send. */
export async function resumeByHand(deps: ByHandDeps): Promise<ByHandResult> {
  const reason = (await deps.accountState.find())?.pausedReason
  const hasChanged = await deps.accountState.resume()
  if (hasChanged) deps.alerts.post({ kind: 'resumed', reason: reason ?? manualPause })
  return { hasChanged, unreachable: await tellQueue(deps, 'resume') }
}

/** Also when the row was right before: a process may have ended between the two. */
async function tellQueue(
  { openQueue }: ByHandDeps,
  word: 'pause' | 'resume',
): Promise<QueueUnavailableError | undefined> {
  try {
    await openQueue().run((queue) => queue[word]())
    return undefined
  } catch (error) {
    if (error instanceof QueueUnavailableError) return error
    throw error
  }
}
