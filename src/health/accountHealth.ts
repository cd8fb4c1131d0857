import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { Sentence } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { AccountState } from '../db/accountState.ts'
import type { Leases } from '../db/leases/leases.ts'
import type { OpenCircuits } from '../db/openCircuits.ts'
import type { PushQueue } from '../queue/backend.ts'
import { rememberPaused } from '../queue/rememberPaused.ts'
import type { WechatApi } from '../wechat/api.ts'
import { createAccountGuard } from './accountGuard.ts'
import type { PauseAlert } from './alertText.ts'
import { createCircuitBreaker, type Need } from './circuitBreaker.ts'
import { isAnswering } from './probe.ts'
import { createRateController } from './rateController.ts'

interface AccountHealthDeps {
  appid: string
  /** This process, where several share what is written. */
  owner: string
  queue: Pick<
    PushQueue,
    | 'getJobCounts'
    | 'getRateLimitTtl'
    | 'isPaused'
    | 'pause'
    | 'removeGlobalConcurrency'
    | 'removeGlobalRateLimit'
    | 'resume'
    | 'setGlobalConcurrency'
    | 'setGlobalRateLimit'
  >
  accountState: Pick<
    AccountState,
    'claimProbe' | 'endTrial' | 'find' | 'pause' | 'refuseTrial' | 'setRate' | 'slowDown' | 'startTrial'
  >
  leases: Pick<Leases, 'acquire'>
  openCircuits: Pick<OpenCircuits, 'record' | 'remove'>
  api: Pick<WechatApi, 'getQuota'>
  /** Sends per second that are never exceeded; 0 = none. */
  ceiling: number
  pause(): void
  /** Jobs may be taken again, while the breaker says that it is a trial one at a time. */
  resume(): void
  alert(change: PauseAlert): void
  log: Log
}

/** Why a worker takes no jobs. */
export type Obstacle =
  | { kind: 'outage'; need: Need; detail: Sentence; since: number }
  /** The account is paused, by WeChat's refusal or by hand. */
  | { kind: 'paused' }
  /** One push at a time tries whether a pause is over. */
  | { kind: 'trial' }
  /** The jobs of this moment are taken; more may be in so many milliseconds. */
  | { kind: 'rate_limited'; forMs: number }

export type Permission = { ok: true } | { ok: false; reasons: Obstacle[] }

/** What one worker knows of its account and of what it needs: the one place that says whether jobs may be taken. */
export function createAccountHealth(deps: AccountHealthDeps) {
  const { appid, owner, queue, accountState: state, leases, openCircuits, api, log } = deps
  const breaker = createCircuitBreaker({
    pause: deps.pause,
    resume: deps.resume,
    probe: () => isAnswering(api),
    report(need, wait) {
      const write = wait
        ? openCircuits.record(owner, { need, ...wait, detail: toStored(wait.detail) })
        : openCircuits.remove(owner, need)
      // Only `status` reads it, and a database that fails is the reason why some circuits are open.
      write.catch(() => {})
    },
    log,
  })
  const guard = createAccountGuard({
    queue: {
      ...rememberPaused(queue),
      setGlobalConcurrency: (concurrency) => queue.setGlobalConcurrency(concurrency),
      removeGlobalConcurrency: () => queue.removeGlobalConcurrency(),
    },
    state,
    api,
    alert: deps.alert,
    log,
  })
  const rateController = createRateController({
    queue,
    state,
    mayRaise: () => leases.acquire(`pace ${appid}`, owner, 3 * second),
    ceiling: deps.ceiling,
    log,
  })

  return {
    breaker,
    guard,
    rateController,
    /** For the push at hand, whose job has been taken. */
    mayTry: () => !guard.isPaused() && !breaker.isOpen('wechat'),
    /** The queue is asked only when nothing known here forbids it. */
    async mayTakeJobs(): Promise<Permission> {
      const known = findKnown()
      if (known.length > 0) return { ok: false, reasons: known }
      if (await queue.isPaused()) return { ok: false, reasons: [{ kind: 'paused' }] }
      const forMs = await queue.getRateLimitTtl()
      return forMs > 0 ? { ok: false, reasons: [{ kind: 'rate_limited', forMs }] } : { ok: true }
    },
    stop(): void {
      // A change of the limit that is under way ends by itself.
      void rateController.stop()
      guard.stop()
      breaker.stop()
    },
  }

  function findKnown(): Obstacle[] {
    const reasons: Obstacle[] = breaker.openCircuits().map((circuit) => ({ kind: 'outage', ...circuit }))
    if (guard.isPaused()) reasons.push({ kind: 'paused' })
    if (guard.isTrial()) reasons.push({ kind: 'trial' })
    return reasons
  }
}
