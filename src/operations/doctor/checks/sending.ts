import { toShanghaiDayStart } from '../../../base/duration.ts'
import { toFact } from '../../../base/sentences/stored.ts'
import { toIso } from '../../../base/time.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import type { Installation, Tables } from '../subjects.ts'

/** From so many outcomes on, a share of failures says something. */
const enoughOutcomes = 20
const manyFailures = 0.2
const mostPushes = 500

export const sendingChecks: Check[] = [
  {
    name: 'paused',
    of: 'tables',
    async run(_, { accountState }) {
      const state = await accountState.find()
      if (!state?.pausedReason) return ok('paused.no')
      const facts = {
        since: toIso(state.pausedSince ?? 0),
        why: toFact(state.pausedDetail ?? state.pausedReason),
      }
      return state.pausedReason === 'manual' ? warn('paused.byHand', facts) : fail('paused.fault', facts)
    },
  },
  {
    name: 'circuit',
    of: 'tables',
    async run(_, { openCircuits }) {
      const circuit = await openCircuits.findOldest(Date.now())
      if (circuit === undefined) return ok('circuit.none')
      return warn('circuit.open', {
        need: circuit.need,
        since: toIso(circuit.since),
        why: toFact(circuit.detail),
      })
    },
  },
  {
    name: 'rate',
    of: 'tables',
    async run(_, { accountState }) {
      const state = await accountState.find()
      const rate = state?.rate ?? null
      if (rate === null) return ok('rate.unlimited')
      return rate < 1 ? warn('rate.low', { rate: String(rate) }) : ok('rate.ok', { rate })
    },
  },
  {
    name: 'outcomes',
    of: 'tables',
    async run(_, { pushes }) {
      const counts = await pushes.countFinished(toShanghaiDayStart(Date.now()))
      const failed = counts.rejected + counts.undelivered + counts.unknown
      const all = failed + counts.sent + counts.delivered + counts.skipped
      if (all < enoughOutcomes) return skip('outcomes.few', { all })
      const facts = { all, failed }
      if (failed < manyFailures * all) return ok('outcomes.ok', facts)
      return warn('outcomes.manyFail', { ...facts, reason: await findCommonest(pushes) })
    },
  },
  { name: 'webhook', of: 'installation', run: checkWebhook },
]

async function findCommonest(pushes: Tables['pushes']): Promise<string> {
  const counts = new Map<string, number>()
  for await (const { status, reason } of pushes.history({ limit: mostPushes })) {
    const isFailed = status === 'rejected' || status === 'undelivered' || status === 'unknown'
    if (isFailed && reason) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '-'
}

/** What was not taken tells more than whether the receiver answers just now. */
async function checkWebhook({ config: { webhook }, stores }: Installation) {
  if (webhook === undefined) return skip('webhook.none')
  if (stores === undefined) return skip('webhook.noDatabase')
  const { host } = new URL(webhook.url)
  const webhooks = stores.webhooks()
  const endpoint = await webhooks.findEndpoint()
  if (endpoint?.offAt) {
    return fail('webhook.off', { host, since: toIso(endpoint.offAt), why: endpoint.offDetail ?? '' })
  }
  const [first, ...others] = await webhooks.list()
  if (first) return warn('webhook.failing', { host, count: others.length + 1, why: first.lastError })
  return ok('webhook.ok', { host })
}
