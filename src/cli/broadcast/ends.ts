import { day } from '../../base/duration.ts'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'

/** Whose words, and where the account lives. */
export interface Reader {
  language: Language
  timezone: string
}

/** About when a broadcast ends: the day as people call it, and the time. */
export function toEnds(endsAt: string | null, reader: Reader, now = Date.now()): Sentence {
  if (endsAt === null) return say('broadcast.endUnknown')
  const end = Date.parse(endsAt)
  const { timezone: timeZone } = reader
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' }).format(end)
  const days = countDays(now, end, timeZone)
  if (days <= 0) return say('broadcast.endsToday', { time })
  if (days === 1) return say('broadcast.endsTomorrow', { time })
  return say('broadcast.endsOn', { day: toDay(end, days, reader), time })
}

export function toEndsText(endsAt: string | null, reader: Reader): string {
  return render(toEnds(endsAt, reader), reader.language).seen
}

/** A day of the week says which one for six days. */
function toDay(time: number, days: number, { language, timezone: timeZone }: Reader): string {
  const weekday = { weekday: language === 'zh' ? 'short' : 'long' } as const
  const date = { day: 'numeric', month: 'long', ...(days > 180 && ({ year: 'numeric' } as const)) } as const
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  return new Intl.DateTimeFormat(locale, { timeZone, ...(days < 7 ? weekday : date) }).format(time)
}

function countDays(from: number, to: number, timeZone: string): number {
  // Swedish dates are ISO 8601.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
  return (Date.parse(format.format(to)) - Date.parse(format.format(from))) / day
}
