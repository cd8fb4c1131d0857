import type { AccountState, AccountStateRow } from '../db/accountState.ts'
import { second } from '../duration.ts'
import type { Log } from '../log.ts'
import type { PushQueue } from '../queue/backend.ts'
import type { WechatApi } from '../wechat/api.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { PauseNews } from './alertText.ts'
import { isQuota, sendPath, toProbeAt } from './probe.ts'

export interface AccountGuard {
  /** Takes up a pause that is on record and probes at once whether it is still needed. */
  start(): Promise<void>
  /** Stops the sends of the account in all processes, until a probe succeeds. */
  pause(fault: { reason: string; detail: string }): Promise<void>
  /** As far as this process knows by now. */
  isPaused(): boolean
  /** WeChat accepted a send. */
  sent(): void
  stop(): void
}

interface AccountGuardDeps {
  queue: Pick<PushQueue, 'pause' | 'resume' | 'isPaused'>
  state: Pick<AccountState, 'find' | 'pause' | 'claimProbe' | 'resume' | 'calm'>
  api: Pick<WechatApi, 'getQuota'>
  /** Called in the one process that paused or resumed the account. */
  alert(news: PauseNews): void
  log: Log
}

/**
 * Pauses an account that WeChat refuses as a whole (secret, IP, quota, ban) and resumes it without a human. What holds is
 * what the row says; the queue follows it, however the row came to say so.
 */
export function createAccountGuard({ queue, state, api, alert, log }: AccountGuardDeps): AccountGuard {
  let timer: NodeJS.Timeout | undefined
  let pausing: Promise<void> | undefined
  let isLooking = false
  let isCalm = false
  let isPaused = false

  return {
    async start() {
      await look(Number.MAX_SAFE_INTEGER)
      timer = setInterval(onTick, second)
    },
    isPaused: () => isPaused,
    pause(fault) {
      isPaused = true
      pausing ??= record(fault).finally(() => {
        pausing = undefined
      })
      return pausing
    },
    sent() {
      if (isCalm) return
      isCalm = true
      state.calm().catch((error) => log.warn({ err: error }, 'the end of a pause could not be recorded'))
    },
    stop() {
      clearInterval(timer)
    },
  }

  async function record({ reason, detail }: { reason: string; detail: string }): Promise<void> {
    const since = Date.now()
    const probes = (await state.find())?.probes ?? 0
    const probeAt = toProbeAt(reason, since, probes, since)
    // The row comes first: a queue that is paused without one is resumed by the next look.
    const isNew = await state.pause({ reason, detail, since, probeAt, probes })
    isCalm = false
    if (isNew) {
      log.error({ reason, probeAt: new Date(probeAt).toISOString() }, `sending is paused: ${detail}`)
      alert({ kind: 'paused', reason, detail, probeAt })
    }
    await queue.pause()
  }

  function onTick(): void {
    if (isLooking) return
    isLooking = true
    look(Date.now())
      .catch((error) => log.warn({ err: error }, 'a paused account could not be probed'))
      .finally(() => {
        isLooking = false
      })
  }

  async function look(now: number): Promise<void> {
    const row = await state.find()
    const { pausedReason: reason } = row ?? {}
    isPaused = Boolean(reason)
    if ((await queue.isPaused()) !== Boolean(reason)) await (reason ? queue.pause() : queue.resume())
    if (row && reason) await probe(row, reason, now)
  }

  async function probe(row: AccountStateRow, reason: string, now: number): Promise<void> {
    const nextProbeAt = toProbeAt(reason, row.pausedSince ?? 0, row.probes + 1, Date.now())
    if (!(await state.claimProbe(now, nextProbeAt))) return
    if (!(await maySend(reason)) || !(await state.resume(reason))) return
    log.info({ reason }, 'sending goes on')
    alert({ kind: 'resumed', reason })
    isPaused = false
    await queue.resume()
  }

  async function maySend(reason: string): Promise<boolean> {
    try {
      const { remain } = await api.getQuota(sendPath)
      return !isQuota(reason) || remain > 0
    } catch (error) {
      // An account that may not ask for its quota is at least answered; the next sends will tell.
      return error instanceof WechatApiError && ['R', 'C', 'L', 'O'].includes(error.class)
    }
  }
}
