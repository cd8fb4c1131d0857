import { UsageError } from '../args.ts'

/** What `--data` says. Raises UsageError. */
export function parseData(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`--data is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The same where it has to be an object. Raises UsageError. */
export function parseDataObject(json: string): Record<string, unknown> {
  const data = parseData(json)
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { ...data }
  throw new UsageError(`--data expects an object such as {"thing1":"..."}, got ${json}`)
}
