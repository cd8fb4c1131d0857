import { minute, second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { PushQueue } from '../queue/backend.ts'
import type { JobHandler } from './jobHandler.ts'
import type { Processor } from './processor/processor.ts'

const interval = minute
const repetition = 5 * second
const pageSize = 100

interface FailedJobsDeps {
  queue: Pick<PushQueue, 'getJob' | 'getJobCounts' | 'getRanges' | 'remove'>
  handler: Pick<JobHandler, 'settle'>
  processor: Pick<Processor, 'process'>
  onError(error: unknown): void
}

/** Jobs that BullMQ gave up while no worker was there to see it, or while the queue took no commands. */
export function createFailedJobs({ queue, handler, processor, onError }: FailedJobsDeps) {
  let soon: NodeJS.Timeout | undefined

  return {
    settle,
    /** Looks for them every minute, until the function it returns is called. */
    start(): () => void {
      const stop = every(interval, settle, onError)
      return () => {
        stop()
        clearTimeout(soon)
      }
    },
    /** One of them could not be settled just now. */
    settleSoon(): void {
      soon ??= setTimeout(() => {
        soon = undefined
        settle().catch(onError)
      }, repetition)
    },
  }

  async function settle(): Promise<void> {
    for (let left = (await queue.getJobCounts('failed')).failed ?? 0; left > 0; left -= pageSize) {
      const ids = await queue.getRanges(['failed'], 0, pageSize - 1)
      await Promise.all(ids.map(settleOne))
    }
  }

  async function settleOne(id: string): Promise<void> {
    const job = await queue.getJob(id).catch((error) => {
      // BullMQ cannot make a job of data that is not JSON, which other programs may have put there.
      if (error instanceof SyntaxError) return 'unreadable' as const
      throw error
    })
    if (job === 'unreadable') {
      const { kind } = await processor.process({ jobId: id, data: null, timestamp: Date.now(), starts: 1 })
      // Without its record it stays where it is, for the next look.
      if (kind === 'done') await queue.remove(id)
    } else if (job) await handler.settle(job)
  }
}
