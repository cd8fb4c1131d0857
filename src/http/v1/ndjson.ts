import type { FastifyRequest } from 'fastify'
import { findLineProblem, readLines } from '../../base/rows/lines.ts'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'

export const ndjsonTypes = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const

export function isNdjson({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return ndjsonTypes.some((known) => known === type)
}

const longestLine = 64 * 1024

/** A value per line; a line that is none comes with the reason, in the language. Blank ones are not counted. */
export async function* readNdjson(
  bytes: AsyncIterable<Uint8Array>,
  language: Language,
): AsyncGenerator<{ index: number } & ({ message: unknown } | { reason: string })> {
  let index = 0
  for await (const { text } of readLines(bytes, longestLine)) {
    if (text.trim() === '') continue
    const parsed = parseLine(text)
    if ('message' in parsed) yield { index, ...parsed }
    else yield { index, reason: render(say('line.the', parsed), language).seen }
    index += 1
  }
}

function parseLine(text: string): { message: unknown } | { problem: Sentence } {
  const problem = Buffer.byteLength(text) > longestLine ? say('line.over64KB') : findLineProblem(text)
  if (problem !== undefined) return { problem }
  try {
    return { message: JSON.parse(text) }
  } catch {
    return { problem: say('line.noJson') }
  }
}
