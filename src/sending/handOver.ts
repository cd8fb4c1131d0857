import { day } from '../base/duration.ts'
import type { PushRow } from '../db/pushes.ts'
import { jobName, type PushJob, toJobId } from '../queue/job.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { toPush } from './processor/pushRow.ts'

/** Puts pushes whose user does not follow this account into the queue of the next one that they name. */
export function createHandOver(openQueue: (appid: string) => Pick<ProducerQueue, 'run'>) {
  const queues = new Map<string, Pick<ProducerQueue, 'run'>>()

  return async function handOver(row: PushRow): Promise<void> {
    const { id, generation } = row
    const push = toPush(row)
    const [next, ...others] = push?.next ?? []
    if (!push || !next) return
    const queue = queues.get(next.appid) ?? openQueue(next.appid)
    queues.set(next.appid, queue)
    const { appid: _, name: __, ...content } = next
    const { url: ___, miniprogram: ____, next: _____, ...same } = push
    const data: PushJob = { ...same, ...content, generation }
    if (others.length > 0) data.next = others
    // The same job however often it is handed over, and the id is known there from now on.
    const opts = {
      jobId: toJobId(id, `handed${generation}`),
      ...(push.priority !== undefined && { priority: push.priority }),
      ...(generation === 0 && { deduplication: { id, ttl: day } }),
    }
    await queue.run((q) => q.add(jobName, data, opts))
  }
}
