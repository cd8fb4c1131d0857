import { toIso } from '../../base/time.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { WechatApi } from '../../wechat/api.ts'
import type { Quota } from '../../wechat/types.ts'
import type { BroadcastPlan } from '../answers.ts'
import { createPushMaker } from '../message.ts'
import { type AccountPace, planEnd } from '../pace/ends.ts'
import { findQuota } from '../pace/quota.ts'
import { draftBroadcast } from './create.ts'
import type { CheckedInput } from './input.ts'

const sampleSize = 5

/** Sends nothing, and leaves nothing behind. Rejects with InvalidPushError. */
export async function planBroadcast(
  { broadcasts, api }: { broadcasts: Broadcasts; api: Pick<WechatApi, 'getQuota'> },
  input: CheckedInput,
  account: AccountPace,
): Promise<BroadcastPlan> {
  const { no, id, selected, invalid, invalidTotal } = await draftBroadcast(broadcasts, input)
  try {
    const { sendable, first } = await broadcasts.preview(no, sampleSize)
    const toPush = createPushMaker({
      id,
      templateId: input.templateId,
      message: JSON.stringify(input.template),
      createdAt: 0,
      expiresAt: null,
    })
    const samples = first.map((recipient) => {
      const { data, url = null } = toPush(recipient)
      return { openid: recipient.openid, unionid: recipient.unionid, data, url }
    })
    const skipped = selected - sendable
    const quota = await findQuota(api)
    return {
      selected,
      sendable,
      skipped: skipped > 0 ? { not_following: skipped } : {},
      invalid,
      invalidTotal,
      samples,
      quota: toQuota(quota, sendable),
      endsAt: toIso(planEnd(sendable, input, quota, account)),
    }
  } finally {
    await broadcasts.drop(no)
  }
}

function toQuota(quota: Quota | undefined, sends: number): BroadcastPlan['quota'] {
  if (!quota) return null
  const { dailyLimit: limit, used, remain: left } = quota
  const days = sends <= left ? 0 : limit > 0 ? Math.ceil((sends - left) / limit) : 0
  return { limit, used, left, days }
}
