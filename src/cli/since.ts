import * as z from 'zod'
import { day, hour, minute } from '../base/duration.ts'
import { say } from '../base/sentences/sentence.ts'
import { toExpected } from './command.ts'
import { parseLocalTime } from './format.ts'

const units: Record<string, number> = { m: minute, h: hour, d: day }
const isoTime = z.iso.datetime({ offset: true })

/**
 * Epoch milliseconds of what `--since` or another option says: so long ago (30m, 2h, 3d), ISO 8601 with an offset, or as the tables show
 * times. Raises UsageError.
 */
export function parseSince(text: string, timezone: string, now = Date.now(), option = 'since'): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (unit !== undefined) return now - Number(count) * (units[unit] ?? 0)
  const at = isoTime.safeParse(text).success ? Date.parse(text) : parseLocalTime(text, timezone)
  if (Number.isNaN(at)) throw toExpected(option, say('option.since'), text)
  return at
}
