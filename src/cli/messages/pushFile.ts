import type { Producer } from '../../push/producer.ts'
import { readMessageFile } from './messageFile.ts'

interface InvalidLine {
  line: number
  reason: string
}

export interface PushFileReceipt {
  queued: number
  duplicates: number
  /** In the order of the file. */
  invalid: InvalidLine[]
}

/** Queues every good line of a file, until `stop`; `onLine` hears how many lines were read so far. */
export async function pushFile(
  producer: Pick<Producer, 'pushMany'>,
  path: string,
  stop: AbortSignal,
  onLine: (count: number) => void,
): Promise<PushFileReceipt> {
  const unreadable: InvalidLine[] = []
  const lineNumbers = createLineNumbers()

  async function* readMessages(): AsyncGenerator<Record<string, unknown>> {
    let count = 0
    for await (const line of readMessageFile(path)) {
      if (stop.aborted) return
      onLine(++count)
      if ('reason' in line) {
        unreadable.push(line)
      } else {
        lineNumbers.add(line.line)
        yield line.message
      }
    }
  }

  const { queued, duplicates, invalid } = await producer.pushMany(readMessages())
  const refused = invalid.map(({ index, reason }) => ({ line: lineNumbers.at(index), reason }))
  return { queued, duplicates, invalid: [...unreadable, ...refused].sort((a, b) => a.line - b.line) }
}

/** Line numbers of the messages of a file, which take memory only where lines were left out. */
function createLineNumbers() {
  const gaps: { index: number; line: number }[] = []
  let count = 0
  return {
    add(line: number): void {
      const last = gaps.at(-1)
      if (last === undefined || line - last.line !== count - last.index) gaps.push({ index: count, line })
      count++
    },
    at(index: number): number {
      let low = 0
      let high = gaps.length
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if ((gaps[middle]?.index ?? 0) <= index) low = middle
        else high = middle
      }
      const gap = gaps[low]
      return gap === undefined ? 0 : gap.line + index - gap.index
    },
  }
}
