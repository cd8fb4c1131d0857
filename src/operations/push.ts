import * as z from 'zod'
import type { Producer } from '../push/producer.ts'
import type { PushReceipt } from '../push/pushAnswers.ts'
import { count } from './values.ts'

export const pushOutputSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['queued', 'duplicate']),
}) satisfies z.ZodType<PushReceipt>

export const pushLinesOutputSchema = z.strictObject({
  queued: count,
  duplicates: count,
  /** Lines that were left out, in the order of the file. */
  invalid: z.array(z.strictObject({ line: z.int().min(1), reason: z.string() })),
})
export type PushLinesOutput = z.infer<typeof pushLinesOutputSchema>

/** One line of a file: what is to be pushed, or why it cannot be. Lines count from 1. */
export type MessageLine =
  | { line: number; message: Record<string, unknown> }
  | { line: number; reason: string }

interface PushLinesDeps {
  producer: Pick<Producer, 'pushMany'>
  /** Ends it before the next line. */
  stop: AbortSignal
  /** Hears how many lines were read so far. */
  onLine(count: number): void
}

/** Queues every good line, until `stop`. Rejects with QueueUnavailableError, which says how many are queued. */
export async function pushLines(
  { producer, stop, onLine }: PushLinesDeps,
  lines: AsyncIterable<MessageLine>,
): Promise<PushLinesOutput> {
  const unreadable: PushLinesOutput['invalid'] = []
  const lineNumbers = createLineNumbers()

  async function* readMessages(): AsyncGenerator<Record<string, unknown>> {
    let read = 0
    for await (const line of lines) {
      if (stop.aborted) return
      onLine(++read)
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
