import { sendPath } from '../../health/probe.ts'
import type { WechatApi } from '../../wechat/api.ts'
import type { Quota } from '../../wechat/types.ts'

/** Per cent of the sends of a day, kept for single pushes. */
export const reservePercent = 10

/** Sends that broadcasts may have out of what is left; below 0 when single pushes have taken of their own. */
export function withoutReserve(left: number, dailyLimit: number): number {
  return left - Math.ceil((dailyLimit * reservePercent) / 100)
}

/** Undefined when WeChat does not say. */
export async function findQuota(
  api: Pick<WechatApi, 'getQuota'>,
  signal?: AbortSignal,
): Promise<Quota | undefined> {
  try {
    return await api.getQuota(sendPath, signal)
  } catch {
    return undefined
  }
}
