import { computed, signal } from '@preact/signals'
import type { PushReason } from '../push/status.ts'
import { AskError, ask, type Outcomes, type Overview, type ShownPush, toPath, toQuery } from './api.ts'
import { Act, Notice } from './parts.tsx'
import { status } from './state.ts'
import { isTextKey, t, toLength, toNumber } from './text/text.ts'

/** It goes on while one looks at another view, and ends with the page. */
const progress = signal<{ done: number; of: number; isStopped: boolean }>()
const told = signal('')
/** What one request sends again at most. */
const partSize = 500
export const isResending = computed(() => progress.value !== undefined)

export function Resending() {
  const now = progress.value
  if (!now) return told.value === '' ? null : <Notice tone="ok">{told.value}</Notice>
  const text = t('failed.progress', { done: now.done, of: now.of })
  return (
    <p class="row" role="status">
      <progress aria-label={text} value={now.done} max={now.of} /> {text}
      <Act
        label={t('stop')}
        run={() => {
          progress.value = { ...now, isStopped: true }
        }}
      />
    </p>
  )
}

export async function runResend(of: number, parts: AsyncIterable<number>): Promise<void> {
  let done = 0
  let isEnded = false
  told.value = ''
  progress.value = { done, of, isStopped: false }
  try {
    for await (const retried of parts) {
      done += retried
      const isStopped: boolean = progress.peek()?.isStopped ?? false
      progress.value = { done, of: Math.max(of, done), isStopped }
      if (isStopped) return
    }
    isEnded = true
  } finally {
    const less = isEnded ? 'failed.retried_less' : 'failed.retried_of'
    told.value = t(done < of ? less : 'failed.retried', { n: done, of })
    progress.value = undefined
  }
}

export async function* retryEach(pushes: readonly ShownPush[]): AsyncGenerator<number> {
  for (const push of pushes) yield (await askInTime(toPath(push, '/retry'), {})).retried
}

/**
 * From the newest on, once: what fails again meanwhile lies behind, and is not sent twice. As many as the button said, however
 * many have failed since; undefined = a broadcast, which sends by itself to all that it means.
 */
export async function* retryFiltered(body: object, most: number | undefined): AsyncGenerator<number> {
  if (most === undefined) {
    yield (await askInTime('/pushes/retry', body)).retried
    return
  }
  let cursor: string | null = null
  let left = most
  do {
    const limit = Math.min(left, partSize)
    const part: RetryAnswer = await askInTime('/pushes/retry', { ...body, cursor, limit })
    yield part.retried
    cursor = part.next ?? null
    left -= limit
  } while (cursor !== null && left > 0)
}

export interface RetryAnswer {
  retried: number
  next?: string | null
}

/** Whoever asks too often is told so before anything is done, and may come again. */
async function askInTime(path: string, body: object): Promise<RetryAnswer> {
  for (;;) {
    try {
      return await ask<RetryAnswer>(path, body)
    } catch (error) {
      if (!(error instanceof AskError) || error.status !== 429) throw error
      await new Promise((resolve) => setTimeout(resolve, 5_000))
    }
  }
}

/** Reasons of pushes that did not fail. */
export const harmless = {
  ...{ in_review: 1, already_sent: 1, not_following: 1, unionid_pending: 1, handed_over: 1, expired: 1 },
  ...{ cancelled: 1, duplicate: 1, capped: 1, quiet: 1, session_unknown: 1, unionid_unknown: 1 },
} satisfies Record<PushReason<'sent' | 'skipped'>, 1>

/** Which pushes are meant. */
export type Filter = Partial<
  Record<'status' | 'reason' | 'since' | 'account' | 'template' | 'broadcast' | 'cursor', string>
>

/** WeChat may have it already. */
export function mayComeTwice({ status }: Pick<ShownPush, 'status'>): boolean {
  return status === 'unknown' || status === 'sent'
}

export function isRetriable({ status, reason }: ShownPush): boolean {
  return ['rejected', 'undelivered', 'unknown'].includes(status) || (status === 'sent' && reason !== null)
}

/** Recipients of a broadcast are sent to again by it, all that have the reason. */
export function toRetryBody({ broadcast, reason, ...filter }: Filter): object {
  if (broadcast) return { broadcast, reason }
  const given = { ...filter, reason }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value))
}

/** How long it takes at the present rate, and what of the day's quota it is. */
export function toCost(
  n: number,
  { status: kind, reason, account }: Filter,
  more: Overview | undefined,
): string {
  const isMeant = (one: { account: string }) => !account || one.account === account
  const accounts = status.value?.accounts.filter(isMeant) ?? []
  const rate = Math.max(...accounts.map(({ rate }) => rate.limit ?? Math.max(rate.perSecond, 50)), 1)
  const left = more?.accounts.filter(isMeant).map(({ quota }) => quota?.left) ?? []
  const least = Math.min(...left.map((one) => one ?? Number.POSITIVE_INFINITY))
  const parts = [t('failed.cost', { n, length: toLength((n / rate) * 1_000), rate: toNumber(rate) })]
  if (Number.isFinite(least)) parts.push(t(n > least ? 'failed.beyond' : 'failed.left', { n: least }))
  if (kind === 'unknown' || reason === 'ambiguous') parts.push(t('do.retry.twice'))
  return parts.join(' ')
}

export const spans = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, quarter: 90 * 86_400_000 }

type BeforeProps = { filter: Filter; listed: number; outcomes: Outcomes | undefined }

/** What failed within a time may have been asked for before it, such as what was sent again, or be of a broadcast. */
export function Before({ filter: { cursor, ...filter }, listed, outcomes }: BeforeProps) {
  const { status = '', reason, template, broadcast } = filter
  const all = outcomes?.buckets.reduce((sum, one) => sum + Number(Object(one)[status] ?? 0), 0)
  const ended = (reason ? outcomes?.reasons[reason] : all) ?? 0
  const n = cursor || template || broadcast ? 0 : ended - listed
  if (n <= 0) return listed === 0 ? <Notice>{t('failed.none')}</Notice> : null
  return (
    <p class="row">
      <span>{t('failed.before', { n })}</span>
      <a href={`#/failed${toQuery({ ...filter, since: toStart('quarter') })}`}>{t('failed.quarter')}</a>
      <a href="#/broadcasts">{t('nav.broadcasts')}</a>
    </p>
  )
}

export const toStart = (span: keyof typeof spans) => new Date(Date.now() - spans[span]).toISOString()

/** Reasons that ask for the same as another. */
const alike: Record<string, string> = {
  ...{ request_invalid: 'wechat_error', operation_refused: 'wechat_error', login_failed: 'wechat_error' },
  ...{ invalid_job: 'internal_error', unionid_unknown: 'session_unknown', already_sent: 'sent' },
  ...{ quiet: 'expired', cancelled: 'expired', sending: 'retry' },
}

/** Advice for a reason, where there is any. */
export function toTodo({ status, reason }: ShownPush): string | undefined {
  const word = reason ?? status
  const key = `todo.${alike[word] ?? word}`
  return isTextKey(key) ? t(key) : undefined
}
