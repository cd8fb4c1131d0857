import type { PushRow, PushRows } from '../db/pushes.ts'
import { jobName, toJobId } from '../queue/job.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { toPush } from '../sending/processor/pushRow.ts'

interface ResendDeps {
  queue: Pick<ProducerQueue, 'run'>
  pushes: Pick<PushRows, 'recordResent'>
}

const chunkSize = 500

/**
 * Puts failed pushes into the queue again, each as a new message that WeChat will not take for a repetition. Returns how
 * many; records of jobs that were no pushes are left out. Rejects with QueueUnavailableError, and can then be repeated.
 */
export async function resend(
  { queue, pushes }: ResendDeps,
  rows: Iterable<PushRow> | AsyncIterable<PushRow>,
): Promise<number> {
  let count = 0
  let chunk: PushRow[] = []
  for await (const row of rows) {
    if (toPush(row) === undefined || chunk.push(row) < chunkSize) continue
    await resendChunk(chunk)
    chunk = []
  }
  await resendChunk(chunk)
  return count

  async function resendChunk(chunk: PushRow[]): Promise<void> {
    if (chunk.length === 0) return
    // The jobs come first: should this process end in between, their worker writes the rows.
    const jobs = chunk.map(toJob)
    await queue.run((q) => q.addBulk(jobs))
    await pushes.recordResent(chunk.map((row, i) => ({ ...row, jobId: jobs[i]?.opts.jobId ?? null })))
    count += chunk.length
  }
}

/** The generation in the id keeps two resends at the same time from making two messages. */
function toJob(row: PushRow) {
  const generation = row.generation + 1
  return {
    name: jobName,
    data: { ...toPush(row), generation },
    opts: { jobId: toJobId(row.id, `again${generation}`) },
  }
}
