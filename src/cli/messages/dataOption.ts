import { isObject } from '../../base/isObject.ts'
import { say } from '../../base/sentences/sentence.ts'
import { UsageError } from '../args.ts'

/** What `--data` says. Raises UsageError. */
export function parseData(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(say('usage.notJson', { option: 'data', message }))
  }
}

/** The same where it has to be an object. Raises UsageError. */
export function parseDataObject(json: string): Record<string, unknown> {
  const data = parseData(json)
  if (isObject(data)) return data
  const expected = say('option.object', { form: '{"thing1":"..."}' })
  throw new UsageError(say('usage.expectsBare', { option: 'data', expected, given: json }))
}
