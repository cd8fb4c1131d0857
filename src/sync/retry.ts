import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, toBackoff } from '../base/backoff.ts'
import { minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { errcode } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'

/** About half a minute in all. */
const mostTries = 6
const backoff: Backoff = { first: second, longest: minute, jitter: 0.5 }

/** Repeats a read of WeChat's while the failure may pass by itself, for about half a minute; then rejects with the last one. */
export async function retry<T>(
  call: () => Promise<T>,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<T> {
  for (let tries = 1; tries < mostTries; tries++) {
    try {
      return await call()
    } catch (error) {
      if (!isPassing(error)) throw error
      const wait = isMinuteQuota(error) ? minute : toBackoff(backoff, tries)
      log.debug({ err: error, waitMs: wait }, 'call to WeChat failed, retrying')
      await sleep(wait, undefined, { signal })
    }
  }
  return call()
}

function isPassing(error: unknown): boolean {
  return error instanceof WechatNetworkError || (error instanceof WechatApiError && error.class === 'B')
}

/** It is counted per clock minute, so that shorter waits only add to it. */
function isMinuteQuota(error: unknown): boolean {
  return error instanceof WechatApiError && error.errcode === errcode.minuteQuota
}
