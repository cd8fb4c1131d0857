import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

interface EnvFile {
  values: Record<string, string | undefined>
  /** What was found in the place of a file that can be used. */
  fault?: string
}

const faults: Record<string, string> = {
  EISDIR: 'a directory',
  EACCES: 'a file that this user may not read',
  EPERM: 'a file that this user may not read',
}

/** A file that is not there has no values. */
export function readEnvFile(path: string): EnvFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return code === 'ENOENT' ? { values: {} } : { values: {}, fault: faults[code] ?? `an error (${code})` }
  }
  // Windows writes either when it is asked for "Unicode".
  if (/^(?:fffe|feff)/.test(bytes.toString('hex', 0, 2))) return { values: {}, fault: 'text in UTF-16' }
  // The decoder drops a byte order mark, which would else be part of the first name.
  return { values: parseEnv(new TextDecoder().decode(bytes)) }
}
