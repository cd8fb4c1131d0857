import { type Sentence, say } from '../sentences/sentence.ts'

export interface TextLine {
  /** Counts from 1, as editors do. */
  line: number
  text: string
}

/** A template message has some twenty short fields; a longer line means that the file is something else. */
export const maxLineLength = 128 * 1024

/**
 * The lines of a UTF-8 file with LF or CRLF ends, without a byte order mark. Undecodable bytes become U+FFFD; of an
 * overlong line only the start is kept, more than `longest` characters of it. (node:readline would also split
 * at U+2028, which JSON allows inside strings, and keeps a line of any length.)
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array>,
  longest = maxLineLength,
): AsyncGenerator<TextLine> {
  let line = 0
  let rest = ''
  for await (const chunk of decode(bytes)) {
    const [head = '', ...tail] = chunk.split('\n')
    if (rest.length <= longest) rest += head
    for (const next of tail) {
      yield { line: ++line, text: withoutReturn(rest) }
      rest = next
    }
  }
  if (rest !== '') yield { line: ++line, text: withoutReturn(rest) }
}

async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true })
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

/** Why nothing can be made of a line, whatever its format. */
export function findLineProblem(text: string): Sentence | undefined {
  if (text.length > maxLineLength) return say('line.tooLong', { most: String(maxLineLength) })
  // Excel on a Chinese Windows saves plain "CSV" as GBK.
  if (text.includes('\ufffd')) return say('line.notUtf8')
  return undefined
}
