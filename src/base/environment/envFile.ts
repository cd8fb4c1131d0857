import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { type Sentence, say } from '../sentences/sentence.ts'

interface EnvFile {
  values: Record<string, string | undefined>
  /** What was found in the place of a file that can be used. */
  fault?: Sentence
}

const faults: Record<string, Sentence> = {
  EISDIR: say('found.directory'),
  EACCES: say('found.forbidden'),
  EPERM: say('found.forbidden'),
}

/** A file that is not there has no values. */
export function readEnvFile(path: string): EnvFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT') return { values: {} }
    return { values: {}, fault: faults[code] ?? say('found.error', { code }) }
  }
  // Windows writes either when it is asked for "Unicode".
  if (/^(?:fffe|feff)/.test(bytes.toString('hex', 0, 2))) return { values: {}, fault: say('found.utf16') }
  // The decoder drops a byte order mark, which would else be part of the first name.
  return { values: parseEnv(new TextDecoder().decode(bytes)) }
}
