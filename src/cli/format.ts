import { day, hour, minute, second } from '../base/duration.ts'
import { toIso } from '../base/time.ts'

let counts: Intl.NumberFormat | undefined

export function formatCount(count: number): string {
  // Takes 25 ms to make, and many a command counts nothing.
  counts ??= new Intl.NumberFormat('en-US')
  return counts.format(count)
}

/** 1.4s, 45s, 3m 20s, 2h 05m, 3d 4h. */
export function formatDuration(ms: number): string {
  if (ms < 10 * second) return `${(ms / second).toFixed(1)}s`
  if (ms < minute) return `${Math.round(ms / second)}s`
  if (ms < hour) return `${Math.floor(ms / minute)}m ${toTwoDigits((ms % minute) / second)}s`
  if (ms < day) return `${Math.floor(ms / hour)}h ${toTwoDigits((ms % hour) / minute)}m`
  return `${Math.floor(ms / day)}d ${Math.floor((ms % day) / hour)}h`
}

function toTwoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}

/** `2026-11-20 15:01:02` where the account lives; `-` for null. Programs get ISO 8601 instead. */
export function createTimeFormat(timezone: string): (iso: string | null) => string {
  // Swedish dates are ISO 8601 with a space.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return (iso) => (iso === null ? '-' : format.format(new Date(iso)))
}

/** Epoch milliseconds of `2026-11-20`, `2026-11-20 15:01` where the account lives; NaN for something else. */
export function parseLocalTime(text: string, timezone: string): number {
  const [, date, time = '00:00'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?$/.exec(text) ?? []
  const asUtc = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(asUtc)) return Number.NaN
  const shown = createTimeFormat(timezone)(toIso(asUtc)).replace(' ', 'T')
  return 2 * asUtc - Date.parse(`${shown}Z`)
}
