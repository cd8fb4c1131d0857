import type { Language } from '../base/sentences/language.ts'
import { render } from '../base/sentences/render.ts'
import { isSentenceKey, type Sentence, say } from '../base/sentences/sentence.ts'
import { renderStored } from '../base/sentences/stored.ts'
import type { PauseReason } from '../push/status.ts'
import { isQuota } from './probe.ts'

/** What changed about an account, `detail` as the database keeps it; `probeAt` is epoch milliseconds, null = a person has to resume it. */
export type PauseAlert =
  | { kind: 'paused'; reason: PauseReason; detail: string; probeAt: number | null }
  | { kind: 'resumed'; reason: PauseReason }
  | { kind: 'template_paused'; template: string; detail: string; probeAt: number }
  | { kind: 'template_resumed'; template: string }
  | { kind: 'queue_full'; detail: string }
  | { kind: 'webhook_off'; detail: string }

/** What changed about the syncs of an account. */
export type SyncAlert =
  | { kind: 'sync_failed'; status: 'interrupted' | 'stopped' | 'failed'; detail: string }
  | { kind: 'sync_complete' }

/** As broadcasts tell them. */
export type BroadcastAlert =
  | { kind: 'broadcast_paused'; broadcast: string; name: string | null; reason: string; detail: string }
  | {
      kind: 'broadcast_finished'
      broadcast: string
      name: string | null
      selected: number
      /** By WeChat, whatever its receipts say. */
      accepted: number
    }

export type AccountAlert = PauseAlert | SyncAlert | BroadcastAlert

/** WeCom's robots take 2,048 bytes. */
const longestDetail = 300

/** For the people in the group; the names of console pages are those the console shows. */
export function toAlertText(account: string, alert: AccountAlert, language: Language): string {
  const { seen, advice } = render(toSentence(account, alert, language), language)
  if (advice === null) return `【unionpush】${seen}`
  const { seen: todo } = render(say('alert.todo', { todo: advice }), language)
  return `【unionpush】${seen}\n${todo}`
}

function toSentence(account: string, alert: AccountAlert, language: Language): Sentence {
  switch (alert.kind) {
    case 'queue_full':
      return say('alert.queueFull', { account, detail: toShort(alert.detail, language) })
    case 'template_paused': {
      const { template, detail, probeAt } = alert
      return say('alert.templatePaused', {
        account,
        template,
        detail: toShort(detail, language),
        at: toBeijingTime(probeAt),
      })
    }
    case 'template_resumed':
      return say('alert.templateResumed', { account, template: alert.template })
    case 'webhook_off':
      return say('alert.webhookOff', { detail: toShort(alert.detail, language) })
    case 'sync_complete':
      return say('alert.syncComplete', { account })
    case 'sync_failed': {
      const ending = say(`alert.sync.${alert.status}`)
      return say('alert.syncFailed', { account, ending, detail: toShort(alert.detail, language) })
    }
    case 'broadcast_paused': {
      const { broadcast: id, reason, detail } = alert
      const why = reason === 'failures' || reason === 'quota' ? say(`alert.pause.${reason}`) : reason
      return say('alert.broadcastPaused', {
        account,
        title: toTitle(alert),
        why,
        detail: toShort(detail, language),
        id,
      })
    }
    case 'broadcast_finished': {
      const { selected, accepted } = alert
      return say('alert.broadcastFinished', { account, title: toTitle(alert), selected, accepted })
    }
    case 'resumed':
      return say('alert.resumed', { account, what: toCause(alert.reason), reason: alert.reason })
    case 'paused': {
      const { reason, detail, probeAt } = alert
      const what = toCause(reason)
      const next =
        probeAt === null
          ? say('alert.nextByHand')
          : say(isQuota(reason) ? 'alert.nextQuota' : 'alert.nextProbe', { at: toBeijingTime(probeAt) })
      const todo = render(what, language).advice ?? ''
      return say('alert.paused', { account, what, reason, detail: toShort(detail, language), todo, next })
    }
    default:
      return alert satisfies never
  }
}

function toCause(reason: PauseReason): Sentence {
  const key = `alert.cause.${reason}`
  return { key: isSentenceKey(key) ? key : 'alert.cause.other', facts: {} }
}

function toTitle({ broadcast: id, name }: { broadcast: string; name: string | null }): Sentence | string {
  return name === null ? id : say('alert.title', { name, id })
}

/** The numbers that people search for stand at the end. */
function toShort(stored: string, language: Language): string {
  const detail = renderStored(stored, language)
  return detail.length <= longestDetail
    ? detail
    : `${detail.slice(0, longestDetail - 80)}…${detail.slice(-79)}`
}

function toBeijingTime(time: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Asia/Shanghai',
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return format.format(new Date(time))
}
