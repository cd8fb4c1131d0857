import { second } from '../../base/duration.ts'
import type { Broadcast, BroadcastPlan, CreatedBroadcast } from '../../operations/broadcasts/broadcasts.ts'
import { formatCount, formatDuration, formatPlural } from '../format.ts'

/** A broadcast for people: what it is, how far it is, and why some did not get it. */
export function toBroadcastText(broadcast: Broadcast): string {
  const { id, name, status, reason, detail, counts, reasons, rate, etaSeconds } = broadcast
  const title = name === null ? id : `${id} (${name})`
  const state = [status, reason, detail].filter((part) => part !== null).join(': ')
  const { selected, ...others } = counts
  const figures = Object.entries(others).filter(([, n]) => n > 0)
  const lines = [
    `${title}  ${state}`,
    `${formatPlural(selected, 'recipient')}: ${figures.map(([word, n]) => `${word} ${formatCount(n)}`).join(', ') || 'nobody'}`,
  ]
  const why = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  if (why.length > 0) lines.push(`why: ${why.map(([word, n]) => `${word} ${formatCount(n)}`).join(', ')}`)
  if (rate.perSecond > 0) {
    const eta = etaSeconds === null ? '' : `, ${formatDuration(etaSeconds * second)} to go`
    lines.push(`${formatCount(rate.perSecond)} per second${eta}`)
  }
  return lines.join('\n')
}

export function toCreatedText(created: CreatedBroadcast): string {
  return [...toInvalidLines(created.invalid), toBroadcastText(created)].join('\n')
}

export function toPlanText({ selected, sendable, skipped, invalid, samples, quota }: BroadcastPlan): string {
  const lines = toInvalidLines(invalid)
  lines.push(`${formatPlural(selected, 'recipient')}, ${formatCount(sendable)} of them can be sent to`)
  for (const [reason, n] of Object.entries(skipped)) lines.push(`skipped ${reason}: ${formatCount(n)}`)
  for (const { openid, unionid, data, url } of samples) {
    lines.push(`to ${unionid ?? openid}: ${JSON.stringify(data)}${url === null ? '' : ` ${url}`}`)
  }
  if (quota) {
    const days = quota.days === 0 ? 'enough for today' : `ends after ${formatPlural(quota.days, 'day')}`
    lines.push(`${formatCount(quota.left)} of ${formatCount(quota.limit)} sends are left today: ${days}`)
  }
  return lines.join('\n')
}

function toInvalidLines(invalid: CreatedBroadcast['invalid']): string[] {
  return invalid.map(({ line, reason }) => `line ${line}: ${reason}`)
}
