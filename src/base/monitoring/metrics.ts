import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What happens to one account in this process; seconds, as Prometheus has them. */
export interface AccountCounts {
  /** A push came to have this status. */
  pushReached(status: string, reason: string | null): void
  /** A call of template/send was answered or not. */
  sendEnded(outcome: 'accepted' | 'refused' | 'no_answer', errcode: number, seconds: number): void
  receiptCame(secondsAfterSend: number): void
  /** WeChat posted a message. */
  messageCame(event: string, result: string): void
  tokenFetched(): void
  syncEnded(seconds: number): void
}

/** What is so at the time it is asked; whatever could not be learned is left out. */
export interface AccountGauges {
  account: string
  paused?: string | null
  /** Templates whose pushes wait, by why. */
  pausedTemplates?: Record<string, number>
  /** Sends per second, null = no limit. */
  rateLimit?: number | null
  tokenExpiresAt?: number | null
  followers?: Record<'subscribed' | 'with_unionid' | 'unsubscribed', number>
  lastCompleteSync?: number | null
  jobs?: Record<'waiting' | 'active' | 'delayed' | 'failed' | 'held', number>
  /** Seconds, 0 = nothing waits. */
  oldestWaiting?: number
  /** Recipients of the broadcasts that are under way, by status. */
  broadcasts?: readonly { id: string; counts: Record<string, number> }[]
}

export interface Metrics {
  of(account: string): AccountCounts
  /** A message to WEBHOOK_URL was posted. */
  webhookEnded(result: string): void
  readonly contentType: string
  /** As text, with these. */
  render(gauges: readonly AccountGauges[]): Promise<string>
}

/** WeChat may invent codes; no account gets more series than that of them. */
const mostErrcodes = 100
/** Gauges that Prometheus takes for counters. */
const misnamed = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)
const sendBuckets = [0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 15]
const receiptBuckets = [1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86_400]
const syncBuckets = [1, 10, 60, 300, 900, 1800, 3600, 7200, 14_400]

/** All that a process measures, Node.js itself included. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)
  const counted = createCounters(registry)
  const gauges = createGauges(registry)
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `unionpush_${name}`, help, buckets, labelNames: ['account'], registers })
  const sendDuration = new Histogram({
    name: 'unionpush_send_duration_seconds',
    help: 'How long template/send took, answered or not',
    buckets: sendBuckets,
    registers,
  })
  const receiptDelay = histogram('receipt_delay_seconds', 'From the send to its receipt', receiptBuckets)
  const syncDuration = histogram('sync_duration_seconds', 'How long follower syncs took', syncBuckets)

  return {
    contentType: registry.contentType,
    of(account) {
      const errcodes = new Set<number>()
      function toLabel(errcode: number): string {
        if (errcodes.size < mostErrcodes) errcodes.add(errcode)
        return errcodes.has(errcode) ? String(errcode) : 'other'
      }
      return {
        pushReached: (status, reason) => counted.pushes(account, status, reason ?? ''),
        sendEnded(outcome, errcode, seconds) {
          counted.sends(account, outcome, toLabel(errcode))
          sendDuration.observe(seconds)
        },
        receiptCame: (seconds) => receiptDelay.observe({ account }, seconds),
        messageCame: (event, result) => counted.callbacks(account, event, result),
        tokenFetched: () => counted.tokens(account),
        syncEnded: (seconds) => syncDuration.observe({ account }, seconds),
      }
    },
    webhookEnded: (result) => counted.webhooks(result),
    render(now) {
      gauges.set(now)
      return registry.metrics()
    },
  }
}

function createCounters(registry: Registry) {
  return {
    pushes: createTally(registry, 'pushes_total', 'Statuses that pushes reached', [
      'account',
      'status',
      'reason',
    ]),
    sends: createTally(registry, 'sends_total', 'Calls of template/send; errcode 0 = none', [
      'account',
      'outcome',
      'errcode',
    ]),
    callbacks: createTally(registry, 'callbacks_total', 'Messages that WeChat posted', [
      'account',
      'event',
      'result',
    ]),
    tokens: createTally(registry, 'token_refreshes_total', 'access_tokens fetched', ['account']),
    webhooks: createTally(registry, 'webhooks_total', 'Messages posted to WEBHOOK_URL', ['result']),
  }
}

/** Counts in plain numbers, which the counter takes over when it is read: its own way with labels is for rarer things than sends. */
function createTally(registry: Registry, name: string, help: string, labelNames: string[]) {
  const cells = new Map<string, { labels: Record<string, string>; total: number }>()
  new Counter({
    name: `unionpush_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, total } of cells.values()) this.inc(labels, total)
    },
  })
  return (...values: string[]): void => {
    const key = values.join('\n')
    const cell = cells.get(key)
    if (cell) cell.total += 1
    else
      cells.set(key, { labels: Object.fromEntries(labelNames.map((n, i) => [n, values[i] ?? ''])), total: 1 })
  }
}

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, ...more: string[]) =>
    new Gauge({ name: `unionpush_${name}`, help, labelNames: ['account', ...more], registers: [registry] })
  const paused = gauge('paused', '1 = the account is paused for that reason', 'reason')
  const pausedTemplates = gauge(
    'paused_templates',
    'Templates whose pushes wait, while others go on',
    'reason',
  )
  const rate = gauge('rate_limit_per_second', 'Sends per second that are allowed; absent = no limit')
  const token = gauge('token_expires_timestamp_seconds', 'When the stored access_token expires')
  const followers = gauge('followers', 'Followers on record', 'state')
  const synced = gauge('sync_last_complete_timestamp_seconds', 'When the last complete sync ended')
  const jobs = gauge('queue_jobs', 'Pushes in the queue, and those that are held', 'state')
  const oldest = gauge(
    'queue_oldest_waiting_seconds',
    'For how long the oldest push that could go has waited',
  )
  const recipients = gauge(
    'broadcast_recipients',
    'Recipients of the broadcasts that are under way',
    'broadcast',
    'status',
  )
  const all = [paused, pausedTemplates, rate, token, followers, synced, jobs, oldest, recipients]

  return {
    set(accounts: readonly AccountGauges[]): void {
      for (const one of all) one.reset()
      for (const now of accounts) {
        const { account } = now
        if (now.paused) paused.set({ account, reason: now.paused }, 1)
        for (const [reason, n] of Object.entries(now.pausedTemplates ?? {})) {
          pausedTemplates.set({ account, reason }, n)
        }
        setKnown(rate, account, now.rateLimit)
        setKnown(token, account, now.tokenExpiresAt)
        setKnown(synced, account, now.lastCompleteSync)
        setKnown(oldest, account, now.oldestWaiting)
        for (const [state, n] of Object.entries(now.followers ?? {})) followers.set({ account, state }, n)
        for (const [state, n] of Object.entries(now.jobs ?? {})) jobs.set({ account, state }, n)
        for (const { id: broadcast, counts } of now.broadcasts ?? []) {
          for (const [status, n] of Object.entries(counts)) recipients.set({ account, broadcast, status }, n)
        }
      }
    },
  }
}

function setKnown(gauge: Gauge<string>, account: string, value: number | null | undefined): void {
  if (value !== null && value !== undefined) gauge.set({ account }, value)
}
