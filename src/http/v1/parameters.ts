import * as z from 'zod'
import { rule } from '../../base/sentences/rule.ts'
import { say } from '../../base/sentences/sentence.ts'

const isoTime = z.iso.datetime({ offset: true })
const timeRule = rule(say('field.time'))

/** A time, in a body or a query, as epoch milliseconds. */
export const timeParameter = z.union([z.string(), z.number()]).transform((given, context): number => {
  const text = String(given)
  if (/^\d{13}$/.test(text)) return Number(text)
  // Unescaped, the plus of an offset is a blank in a query.
  const time = text.replace(/ (\d\d:\d\d)$/, '+$1')
  if (isoTime.safeParse(time).success) return Date.parse(time)
  context.addIssue({ code: 'custom', message: timeRule })
  return z.NEVER
})
