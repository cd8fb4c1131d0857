import * as z from 'zod'
import type { AccountName } from '../../base/accounts/accountName.ts'
import { day, minute, second, toShanghaiDayStart } from '../../base/duration.ts'
import { rememberFor } from '../../base/monitoring/rememberFor.ts'
import { tryFor } from '../../base/monitoring/tryFor.ts'
import { toIso } from '../../base/time.ts'
import type { CompleteRun, SyncRuns } from '../../db/syncRuns.ts'
import { sendPath } from '../../health/probe.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import type { WechatApi } from '../../wechat/api.ts'
import type { Quota } from '../../wechat/types.ts'
import { count, isoTime } from '../values.ts'
import { findOldestWaiting } from './oldestWaiting.ts'
import { toUsedUpAt } from './quotaPace.ts'

const quotaSchema = z.strictObject({
  limit: count,
  used: count,
  left: z.int(),
  usedUpAt: isoTime
    .nullable()
    .describe('at the pace of today, once that can be told; null = it lasts until 00:00 in Asia/Shanghai'),
})

export const overviewSchema = z.strictObject({
  accounts: z.array(
    z.strictObject({
      account: z.string(),
      appid: z.string(),
      oldestWaitingAt: isoTime
        .nullable()
        .describe('since when the first push in the queue could have been sent; null = none waits'),
      quota: quotaSchema
        .nullable()
        .describe('of sends, at most five minutes old; null = WeChat does not tell'),
      followers: z
        .array(z.strictObject({ at: isoTime, total: count }))
        .describe('how many WeChat listed in the last complete sync of each day, for 90 days, oldest first'),
    }),
  ),
})
export type Overview = z.infer<typeof overviewSchema>

interface OverviewDeps extends AccountName {
  api: Pick<WechatApi, 'getQuota'>
  syncRuns: Pick<SyncRuns, 'findComplete'>
  openQueue(): Pick<ProducerQueue, 'run'>
}

/** Questions about the quota have a quota of their own. */
const quotaLife = 5 * minute
/** Then the page shows what there is. */
const patience = 3 * second
/** As long as syncs are kept. */
const span = 90 * day

/** What `status` does not say of accounts: how long pushes wait, how far the quota goes, and how followers have grown. */
export function createOverview(): (accounts: readonly OverviewDeps[]) => Promise<Overview> {
  const quotas = new Map<string, () => Promise<Quota>>()

  function askQuota({ appid, api }: OverviewDeps): Promise<Quota> {
    const ask = quotas.get(appid) ?? rememberFor(quotaLife, () => api.getQuota(sendPath))
    quotas.set(appid, ask)
    return ask()
  }

  async function load(account: OverviewDeps): Promise<Overview['accounts'][number]> {
    const now = Date.now()
    const [oldest, quota, runs] = await Promise.all([
      tryFor(patience, account.openQueue().run(findOldestWaiting)),
      tryFor(patience, askQuota(account)),
      account.syncRuns.findComplete(now - span),
    ])
    return {
      account: account.name,
      appid: account.appid,
      // A push that becomes due just now has not waited.
      oldestWaitingAt: oldest?.value === undefined ? null : toIso(Math.min(oldest.value, now)),
      quota: quota ? toQuotaAnswer(quota.value, now) : null,
      followers: toDays(runs),
    }
  }

  return async (accounts) => ({ accounts: await Promise.all(accounts.map(load)) })
}

function toQuotaAnswer(quota: Quota, now: number): z.infer<typeof quotaSchema> {
  const { dailyLimit: limit, used, remain: left } = quota
  return { limit, used, left, usedUpAt: toIso(toUsedUpAt(quota, now) ?? null) }
}

/** The last of each day in Asia/Shanghai. */
function toDays(runs: readonly CompleteRun[]): { at: string; total: number }[] {
  const days = new Map(runs.map((run) => [toShanghaiDayStart(run.finishedAt), run]))
  return [...days.values()].map(({ finishedAt, total }) => ({ at: toIso(finishedAt), total }))
}
