import type { AccountSettings } from '../../base/config.ts'
import { second } from '../../base/duration.ts'
import type { AccountGauges } from '../../base/monitoring/metrics.ts'
import { tryFor } from '../../base/monitoring/tryFor.ts'
import { toTotals } from '../../broadcast/view.ts'
import type { AccountState } from '../../db/accountState.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { Followers } from '../../db/followers.ts'
import type { HeldPushes } from '../../db/heldPushes.ts'
import type { SyncRuns } from '../../db/syncRuns.ts'
import type { TemplatePauses } from '../../db/templates.ts'
import type { PushQueue } from '../../queue/backend.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import type { TokenSource } from '../../wechat/token.ts'
import { toLimit } from '../status.ts'
import { findOldestWaiting } from './oldestWaiting.ts'

export interface GaugesDeps {
  name: string
  config: Pick<AccountSettings, 'pushRate'>
  accountState: Pick<AccountState, 'find'>
  broadcasts: Pick<Broadcasts, 'counts' | 'listOpen'>
  followers: Pick<Followers, 'counts'>
  held: Pick<HeldPushes, 'count'>
  syncRuns: Pick<SyncRuns, 'findLastComplete'>
  templatePauses: Pick<TemplatePauses, 'list'>
  tokens: Pick<TokenSource, 'peek'>
  openQueue(): Pick<ProducerQueue, 'run'>
}

/** Less than a scrape waits for its answer. */
const patience = 3 * second

/** What is so of an account just now, at a cost that does not grow with what there is. Never rejects. */
export async function loadGauges(account: GaugesDeps): Promise<AccountGauges> {
  const [stored, queued] = await Promise.all([
    tryFor(patience, loadStored(account)),
    tryFor(patience, loadQueued(account)),
  ])
  return { account: account.name, ...stored?.value, ...queued?.value }
}

async function loadStored(deps: GaugesDeps) {
  const { accountState, templatePauses, broadcasts, tokens, followers, syncRuns, config } = deps
  const [state, templates, token, counts, lastComplete, open] = await Promise.all([
    accountState.find(),
    templatePauses.list(),
    tokens.peek(),
    followers.counts(),
    syncRuns.findLastComplete(),
    loadBroadcasts(broadcasts),
  ])
  const { subscribed, withUnionid, unsubscribed } = counts
  return {
    paused: state?.pausedReason ?? null,
    pausedTemplates: countBy(templates.map(({ reason }) => reason)),
    rateLimit: toLimit(state?.rate ?? null, config.pushRate),
    tokenExpiresAt: token ? token.expiresAt / second : null,
    broadcasts: open,
    followers: { subscribed, with_unionid: withUnionid, unsubscribed },
    lastCompleteSync: lastComplete?.finishedAt ? lastComplete.finishedAt / second : null,
  }
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** By counts that are kept, however many recipients there are. */
async function loadBroadcasts(broadcasts: GaugesDeps['broadcasts']) {
  const rows = (await broadcasts.listOpen()).filter(({ status }) => status !== 'scheduled')
  return Promise.all(
    rows.map(async (row) => {
      const { selected: _, ...counts } = toTotals(row, await broadcasts.counts(row.no)).counts
      return { id: row.id, counts }
    }),
  )
}

async function loadQueued({ openQueue, held }: GaugesDeps) {
  const [queued, heldCount] = await Promise.all([openQueue().run(readQueue), held.count()])
  const { jobs, oldestWaiting } = queued
  return { jobs: { ...jobs, held: heldCount }, oldestWaiting }
}

async function readQueue(queue: PushQueue, now: number) {
  const [counts, byPriority, oldest] = await Promise.all([
    queue.getJobCounts('prioritized', 'active', 'delayed', 'failed'),
    queue.getCountsPerPriority([0]),
    findOldestWaiting(queue),
  ])
  const { prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
  return {
    jobs: { waiting: (byPriority[0] ?? 0) + prioritized, active, delayed, failed },
    oldestWaiting: Math.max(0, now - (oldest ?? now)) / second,
  }
}
