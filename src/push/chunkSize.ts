import { second } from '../base/duration.ts'

/** More than these gain nothing, even from a queue that answers at once. */
export const largestChunk = 500
const firstChunk = 100
const smallestChunk = 10

/** A producer waits 5 s for an answer, and two chunks are on their way at a time. */
const slow = second
const quick = second / 4

export interface ChunkSize {
  /** How many messages the next call to the queue shall take. */
  get(): number
  /** A call that took `count` messages was answered after `took` milliseconds. */
  learn(count: number, took: number): void
}

/** Small while the queue is slow, so that it answers in time: the embedded one of a busy machine takes 200 pushes/s. */
export function createChunkSize(): ChunkSize {
  let size = firstChunk
  return {
    get: () => size,
    learn(count, took) {
      if (took > slow) size = Math.max(smallestChunk, Math.min(size, Math.floor(count / 2)))
      else if (took < quick && count >= size) size = Math.min(largestChunk, size * 2)
    },
  }
}
