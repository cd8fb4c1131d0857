import type { RunRecord } from './runRecord.ts'

/** Small enough to have little left to write at the end, large enough for cheap transactions. */
const fewestPerSave = 500
/** Memory, and how long others wait for a transaction, are bounded by it when the disk is slower than WeChat. */
const mostPerSave = 5_000

interface BatchOptions {
  /** Batches in work at once. */
  concurrency: number
  record: Pick<RunRecord, 'save'>
}

/**
 * Works through batches, saving meanwhile. When it rejects, all work has ended, and what it brought waits in the record.
 */
export async function inBatches<Item>(
  batches: AsyncGenerator<Item[]>,
  work: (batch: Item[]) => Promise<void>,
  { concurrency, record }: BatchOptions,
): Promise<void> {
  let unsaved = 0
  let saving: Promise<void> | undefined

  // One worker that fails ends the batches of all.
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, workOn))
  await saving
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason

  async function workOn(): Promise<void> {
    for await (const batch of batches) {
      await work(batch)
      unsaved += batch.length
      if (unsaved >= fewestPerSave) saveMeanwhile()
      if (unsaved >= mostPerSave) await saving
    }
  }

  /** One save at a time, so that what is fetched meanwhile shares the next one. A failed one stays, and ends all. */
  function saveMeanwhile(): void {
    if (saving) return
    unsaved = 0
    saving = record.save().then(() => {
      saving = undefined
    })
    saving.catch(() => {})
  }
}
