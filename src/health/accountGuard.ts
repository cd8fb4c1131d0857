import { second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import type { Sentence } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import { type AccountState, type AccountStateRow, isTrial } from '../db/accountState.ts'
import type { PauseReason } from '../push/status.ts'
import type { PushQueue } from '../queue/backend.ts'
import type { WechatApi } from '../wechat/api.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { PauseAlert } from './alertText.ts'
import { isQuota, sendPath, toProbeAt } from './probe.ts'

export interface AccountGuard {
  /** Takes up a pause that is on record and probes at once whether it is still needed. */
  start(): Promise<void>
  /** Stops the sends of the account in all processes, until a push is accepted again. */
  pause(fault: { reason: PauseReason; detail: Sentence }): Promise<void>
  /** As far as this process knows by now. */
  isPaused(): boolean
  /** A probe went well, and one push at a time tries whether the account may send. */
  isTrial(): boolean
  /** WeChat accepted a send. */
  sent(): void
  stop(): void
}

interface AccountGuardDeps {
  queue: Pick<PushQueue, 'isPaused' | 'pause' | 'removeGlobalConcurrency' | 'resume' | 'setGlobalConcurrency'>
  state: Pick<AccountState, 'find' | 'pause' | 'claimProbe' | 'startTrial' | 'refuseTrial' | 'endTrial'>
  api: Pick<WechatApi, 'getQuota'>
  /** Called in the one process that paused or resumed the account. */
  alert(change: PauseAlert): void
  log: Log
}

type Mode = 'running' | 'paused' | 'trial'

/**
 * Pauses an account that WeChat refuses as a whole (secret, IP, quota, ban) and resumes it without a human: a probe that
 * goes well lets one push at a time through, and the first that is accepted ends the pause. What holds is what the row
 * says; the queue follows it, however the row came to say so.
 */
export function createAccountGuard({ queue, state, api, alert, log }: AccountGuardDeps): AccountGuard {
  let stop = () => {}
  let pausing: Promise<void> | undefined
  let isEnding = false
  let mode: Mode | undefined
  /** Grows when this process begins or ends a change of the pause. */
  let steps = 0

  return {
    async start() {
      await look(Number.MAX_SAFE_INTEGER)
      stop = every(
        second,
        () => look(Date.now()),
        (error) => log.warn({ err: error }, 'pause of the account could not be checked'),
      )
    },
    isPaused: () => mode === 'paused',
    isTrial: () => mode === 'trial',
    pause(fault) {
      mode = 'paused'
      steps += 1
      pausing ??= record(fault).finally(() => {
        pausing = undefined
        steps += 1
      })
      return pausing
    },
    sent() {
      if (mode !== 'trial' || isEnding) return
      isEnding = true
      steps += 1
      end()
        .catch((error) => log.warn({ err: error }, 'the end of a pause could not be recorded'))
        .finally(() => {
          isEnding = false
          steps += 1
        })
    },
    stop: () => stop(),
  }

  async function record({ reason, detail: seen }: { reason: PauseReason; detail: Sentence }): Promise<void> {
    const now = Date.now()
    const detail = toStored(seen)
    const row = await state.find()
    const probeAt = toProbeAt(reason, isTrial(row) ? (row?.probes ?? 0) : 0, now)
    // The row comes first: a queue that is paused without one is resumed by the next look.
    const isNew = isTrial(row)
      ? (await state.refuseTrial({ reason, detail, probeAt })) && row?.pausedReason !== reason
      : await state.pause({ reason, detail, since: now, probeAt })
    if (isNew) {
      log.error({ reason, detail, probeAt: new Date(probeAt).toISOString() }, 'account paused')
      alert({ kind: 'paused', reason, detail, probeAt })
    }
    await queue.pause()
  }

  async function end(): Promise<void> {
    const reason = (await state.find())?.pausedReason
    if (!(await state.endTrial())) return
    log.info({ reason }, 'account resumed')
    if (reason) alert({ kind: 'resumed', reason })
    await follow('running')
  }

  async function look(now: number): Promise<void> {
    const before = steps
    const row = await state.find()
    // The answer of a database across a network may be older than what was done while it travelled.
    if (steps !== before || pausing !== undefined || isEnding) return
    await follow(toMode(row))
    if (mode === 'paused' && row?.pausedReason) await probe(row, row.pausedReason, now)
  }

  async function follow(next: Mode): Promise<void> {
    const last = mode
    mode = next
    if (next !== last && next === 'running') {
      await queue.removeGlobalConcurrency()
      // A worker that met the limit of one job has used up the sign that more are waiting, and sleeps; this gives another.
      if (last === 'trial') await queue.resume()
    }
    if (next !== last && next === 'trial') await queue.setGlobalConcurrency(1)
    if ((await queue.isPaused()) === (next === 'paused') || mode !== next) return
    await (next === 'paused' ? queue.pause() : queue.resume())
  }

  async function probe(row: AccountStateRow, reason: PauseReason, now: number): Promise<void> {
    const nextProbeAt = toProbeAt(reason, row.probes + 1, Date.now())
    if (!(await state.claimProbe(now, nextProbeAt))) return
    if (!(await maySend(api, reason)) || !(await state.startTrial(reason))) return
    log.info({ reason }, 'account on trial, the next push is the probe')
    await follow('trial')
  }
}

function toMode(row: AccountStateRow | undefined): Mode {
  if (!row?.pausedReason) return 'running'
  return isTrial(row) ? 'trial' : 'paused'
}

async function maySend(api: Pick<WechatApi, 'getQuota'>, reason: PauseReason): Promise<boolean> {
  try {
    const { remain } = await api.getQuota(sendPath)
    return !isQuota(reason) || remain > 0
  } catch (error) {
    // An account that may not ask for its quota is at least answered; the next push will tell.
    return error instanceof WechatApiError && ['R', 'C', 'L', 'O'].includes(error.class)
  }
}
