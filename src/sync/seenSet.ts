import type { SeenChunk } from '../db/syncRuns.ts'

/** Row numbers per chunk; a chunk is 4 KiB. */
const chunkSize = 32_768

/** A set of row numbers, one bit each, that is stored chunk by chunk. */
export function createSeenSet(stored: readonly SeenChunk[]) {
  const chunks = new Map(stored.map(({ chunk, bits }) => [chunk, bits]))
  const changed = new Set<number>()

  return {
    has(id: number): boolean {
      const { chunk, byte, bit } = locate(id)
      return ((chunks.get(chunk)?.[byte] ?? 0) & bit) !== 0
    },
    add(id: number): void {
      const { chunk, byte, bit } = locate(id)
      const bits = chunks.get(chunk) ?? Buffer.alloc(chunkSize / 8)
      bits[byte] = (bits[byte] ?? 0) | bit
      chunks.set(chunk, bits)
      changed.add(chunk)
    },
    /** What was added to since the last call. */
    takeChanged(): SeenChunk[] {
      const taken = [...changed].map((chunk) => ({ chunk, bits: chunks.get(chunk) ?? Buffer.alloc(0) }))
      changed.clear()
      return taken
    },
  }
}

function locate(id: number) {
  const offset = id % chunkSize
  return { chunk: Math.floor(id / chunkSize), byte: offset >> 3, bit: 1 << (offset & 7) }
}
