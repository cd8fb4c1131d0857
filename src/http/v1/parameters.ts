import * as z from 'zod'

const isoTime = z.iso.datetime({ offset: true })
const rule = 'an ISO 8601 time with an offset such as 2026-11-20T15:01:00+08:00, or epoch milliseconds'

/** A time, in a body or a query, as epoch milliseconds. */
export const timeParameter = z.union([z.string(), z.number()]).transform((given, context): number => {
  const text = String(given)
  if (/^\d{13}$/.test(text)) return Number(text)
  // Unescaped, the plus of an offset is a blank in a query.
  const time = text.replace(/ (\d\d:\d\d)$/, '+$1')
  if (isoTime.safeParse(time).success) return Date.parse(time)
  context.addIssue({ code: 'custom', message: `expected ${rule}` })
  return z.NEVER
})
