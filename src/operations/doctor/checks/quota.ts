import { hour } from '../../../base/duration.ts'
import type { Quota } from '../../../wechat/types.ts'
import { toUsedUpAt } from '../../monitoring/quotaPace.ts'
import { type Check, type Finding, fail, ok, warn } from '../check.ts'
import { judgeAnswer } from '../refusal.ts'

const openidsPerPage = 10_000

export const quotaChecks: Check[] = [
  {
    name: 'quota',
    of: 'account',
    isSlow: true,
    run: async ({ wechat }) =>
      judgeAnswer(await wechat.sendQuota(), (quota) => judgeSendQuota(quota, Date.now())),
  },
  {
    name: 'quota_sync',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      return judgeAnswer(await wechat.listQuota(), async ({ remain, dailyLimit }) =>
        judgeAnswer(await wechat.followerPage(), ({ total }) => {
          const facts = { left: remain, needed: Math.floor(total / openidsPerPage) + 1, limit: dailyLimit }
          return remain < facts.needed ? warn('quotaSync.tooLittle', facts) : ok('quotaSync.ok', facts)
        }),
      )
    },
  },
]

/** Whether what is left lasts until WeChat counts anew, at 00:00 in Shanghai, if the day goes on as it began. */
export function judgeSendQuota(quota: Quota, now: number): Finding {
  const { dailyLimit: limit, used, remain: left } = quota
  if (left <= 0) return fail('quota.usedUp', { used, limit })
  const usedUpAt = toUsedUpAt(quota, now)
  if (usedUpAt === undefined) return ok('quota.ok', { used, limit, left })
  return warn('quota.burns', { used, limit, left, at: toShanghaiClock(usedUpAt) })
}

/** 16:40. */
function toShanghaiClock(at: number): string {
  return new Date(at + 8 * hour).toISOString().slice(11, 16)
}
