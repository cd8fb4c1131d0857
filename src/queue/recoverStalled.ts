import { every } from '../base/every.ts'
import type { PushQueue, QueueBackend, QueueWorker } from './backend.ts'

/**
 * Puts the jobs of workers that died back into the queue. BullMQ's own check costs eight commands each time; this one asks
 * first whether there is any job under way that could have lost its worker.
 */
export function recoverStalled(
  worker: QueueWorker,
  queue: Pick<PushQueue, 'getJobCounts'>,
  interval: number,
  isRefusal: QueueBackend['isRefusal'],
): void {
  const look = async () => {
    if (worker.isPaused()) return
    const { active = 0 } = await queue.getJobCounts('active')
    if (active > 0) await worker.getBackend().moveStalledJobsToWait()
  }
  const stop = every(interval, look, (error) => {
    // Without a connection there is nothing to say that is not said elsewhere.
    if (error instanceof Error && isRefusal(error)) worker.emit('error', error)
  })
  worker.on('closing', stop)
}
