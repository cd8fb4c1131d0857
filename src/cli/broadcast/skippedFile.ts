import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { OnSkipped, SkippedRow } from '../../operations/broadcasts/broadcasts.ts'

/** Has `use` tell of the rows that get no message, and writes them to a CSV file as they come. */
export async function writeSkipped<T>(path: string, use: (tell: OnSkipped) => Promise<T>): Promise<T> {
  const file = await open(path, 'w')
  const stream = file.createWriteStream()
  const failed = once(stream, 'error').then(([error]) => Promise.reject(error))
  const write = async (line: string) => {
    if (!stream.write(`${line}\r\n`)) await Promise.race([once(stream, 'drain'), failed])
  }
  const work = async () => {
    await write('line,unionid,openid,reason,detail')
    const answer = await use((row) => write(toLine(row)))
    stream.end()
    await once(stream, 'close')
    return answer
  }
  try {
    return await Promise.race([work(), failed])
  } finally {
    stream.destroy()
  }
}

function toLine({ line, unionid, openid, reason, detail }: SkippedRow): string {
  return [line ?? '', unionid ?? '', openid ?? '', reason, `"${detail.replaceAll('"', '""')}"`].join(',')
}
