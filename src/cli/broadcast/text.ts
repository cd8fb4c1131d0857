import { second } from '../../base/duration.ts'
import { render } from '../../base/sentences/render.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import {
  type Broadcast,
  type BroadcastPlan,
  type CreatedBroadcast,
  reservePercent,
} from '../../operations/broadcasts/broadcasts.ts'
import { formatCount, formatDuration } from '../format.ts'
import { join, phrase, toPlural } from '../text/phrase.ts'
import { type Reader, toEnds, toEndsText } from './ends.ts'

/** A broadcast for people: what it is, how far it is, and why some did not get it. */
export function toBroadcastText(broadcast: Broadcast, reader: Reader): string {
  const { endsAt, id, name, status, reason, detail, counts, reasons, rate, etaSeconds } = broadcast
  const title = name === null ? id : `${id} (${name})`
  const state = [status, reason, detail].filter((part) => part !== null).join(': ')
  const { selected, ...others } = counts
  const figures = Object.entries(others).filter(([, n]) => n > 0)
  const lines = [
    `${title}  ${state}`,
    phrase('broadcast.figures', {
      count: toPlural('recipient', selected),
      figures: figures.length === 0 ? say('broadcast.nobody') : toFigures(figures),
    }),
  ]
  const why = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  if (why.length > 0) lines.push(phrase('broadcast.why', { reasons: toFigures(why) }))
  if (rate.perSecond > 0) {
    const facts = { rate: formatCount(rate.perSecond), duration: formatDuration((etaSeconds ?? 0) * second) }
    lines.push(phrase(etaSeconds === null ? 'broadcast.perSecond' : 'broadcast.perSecondToGo', facts))
  }
  if (endsAt !== null) lines.push(toEndsText(endsAt, reader))
  return lines.join('\n')
}

export function toCreatedText(created: CreatedBroadcast, reader: Reader): string {
  return [...toInvalidLines(created), toBroadcastText(created, reader)].join('\n')
}

export function toPlanText(plan: BroadcastPlan, reader: Reader): string {
  const { selected, sendable, skipped, samples, quota } = plan
  const lines = toInvalidLines(plan)
  if (sendable < selected) {
    lines.push(phrase('broadcast.sendable', { count: toPlural('recipient', selected), sendable }))
  }
  for (const [reason, n] of Object.entries(skipped))
    lines.push(phrase('broadcast.skipped', { reason, count: n }))
  for (const { openid, unionid, data, url } of samples) {
    const message = `${JSON.stringify(data)}${url === null ? '' : ` ${url}`}`
    lines.push(phrase('broadcast.sample', { who: unionid ?? openid ?? '', message }))
  }
  const { language } = reader
  if (quota) lines.push(render(say('broadcast.leftToday', quota), language).seen)
  lines.push(render(toPlanSentence(plan, reader), language).seen)
  return lines.join('\n')
}

/** How many, what the quota allows, and when it ends. */
function toPlanSentence({ sendable, quota, endsAt }: BroadcastPlan, reader: Reader): Sentence {
  const recipients = toPlural('recipient', sendable)
  const ends = toEnds(endsAt, reader)
  if (!quota) return say('broadcast.plan', { recipients, ends })
  const { limit } = quota
  return say('broadcast.planWithQuota', { recipients, limit, reserve: reservePercent, ends })
}

function toInvalidLines({
  invalid,
  invalidTotal,
}: Pick<CreatedBroadcast, 'invalid' | 'invalidTotal'>): string[] {
  const lines = invalid.map(({ line, reason }) => phrase('push.badLine', { line: String(line), reason }))
  const others = invalidTotal - invalid.length
  return others > 0 ? [...lines, phrase('broadcast.othersInvalid', { count: others })] : lines
}

function toFigures(figures: [word: string, count: number][]): string {
  return join(figures.map(([word, count]) => say('broadcast.figure', { word, count })))
}
