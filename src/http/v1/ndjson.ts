import type { FastifyRequest } from 'fastify'
import { findLineProblem, readLines } from '../../base/lines.ts'

export const ndjsonTypes = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const

export function isNdjson({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return ndjsonTypes.some((known) => known === type)
}

const longestLine = 64 * 1024

/** A value per line; a line that is none comes with the reason. Blank ones are not counted. */
export async function* readNdjson(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ index: number } & ({ message: unknown } | { reason: string })> {
  let index = 0
  for await (const { text } of readLines(bytes, longestLine)) {
    if (text.trim() === '') continue
    const problem = Buffer.byteLength(text) > longestLine ? 'is longer than 64 KB' : findLineProblem(text)
    if (problem === undefined) yield { index, ...parseLine(text) }
    else yield { index, reason: `the line ${problem}` }
    index += 1
  }
}

function parseLine(text: string): { message: unknown } | { reason: string } {
  try {
    return { message: JSON.parse(text) }
  } catch {
    return { reason: 'the line is not JSON' }
  }
}
