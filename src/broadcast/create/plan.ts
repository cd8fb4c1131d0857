import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import { sendPath } from '../../health/probe.ts'
import type { WechatApi } from '../../wechat/api.ts'
import type { BroadcastPlan } from '../answers.ts'
import { createPushMaker } from '../message.ts'
import { draftBroadcast } from './create.ts'
import type { CheckedInput } from './input.ts'

const sampleSize = 5

/** Sends nothing, and leaves nothing behind. Rejects with InvalidPushError. */
export async function planBroadcast(
  { broadcasts, api }: { broadcasts: Broadcasts; api: Pick<WechatApi, 'getQuota'> },
  input: CheckedInput,
): Promise<BroadcastPlan> {
  const { no, id, selected, invalid } = await draftBroadcast(broadcasts, input)
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
    return {
      selected,
      sendable,
      skipped: skipped > 0 ? { not_following: skipped } : {},
      invalid,
      samples,
      quota: await findQuota(api, sendable),
    }
  } finally {
    await broadcasts.drop(no)
  }
}

async function findQuota(api: Pick<WechatApi, 'getQuota'>, sends: number): Promise<BroadcastPlan['quota']> {
  try {
    const { dailyLimit: limit, used, remain: left } = await api.getQuota(sendPath)
    const days = sends <= left ? 0 : limit > 0 ? Math.ceil((sends - left) / limit) : 0
    return { limit, used, left, days }
  } catch {
    return null
  }
}
