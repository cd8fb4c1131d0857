import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError } from 'bullmq'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { AccountState } from '../db/accountState.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { HeldPushes } from '../db/heldPushes.ts'
import type { Leases } from '../db/leases.ts'
import type { OpenCircuits } from '../db/openCircuits.ts'
import type { PushRows } from '../db/pushes.ts'
import type { FindSessionUser } from '../db/sessions.ts'
import type { Templates } from '../db/templates.ts'
import { createAccountGuard } from '../health/accountGuard.ts'
import type { PauseNews } from '../health/alertText.ts'
import { createCircuitBreaker } from '../health/circuitBreaker.ts'
import { isAnswering } from '../health/probe.ts'
import { createRateController } from '../health/rateController.ts'
import type { QueueWorker } from '../queue/backend.ts'
import { rememberPaused } from '../queue/rememberPaused.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import type { WechatApi } from '../wechat/api.ts'
import { createFailedJobs } from './failedJobs.ts'
import { createHeldForwarder } from './heldForwarder.ts'
import { createJobHandler, mostCrashes } from './jobHandler.ts'
import { createOtherPushes } from './otherPushes.ts'
import { createProcessor } from './processor.ts'
import { startRecoverer } from './recoverer.ts'
import type { KnownFollower } from './resolve.ts'
import { createTemplateCheck } from './templateCheck.ts'
import { startWatchdog } from './watchdog.ts'

export interface PushWorkerDeps {
  appid: string
  queue: WorkerQueue
  pushes: PushRows
  held: HeldPushes
  findSessionUser: FindSessionUser
  followers: {
    findRecipient(unionid: string): Promise<KnownFollower | undefined>
    findByOpenid(openid: string): Promise<KnownFollower | undefined>
    findFormer(unionid: string): Promise<KnownFollower | undefined>
    countNameless(limit: number): Promise<number>
    markUnsubscribed(openids: string[], at: number): Promise<unknown>
  }
  /** Has WeChat tell whose a unionid is that several followers carry. */
  settleUnionid(unionid: string): Promise<unknown>
  templates: Pick<Templates, 'find' | 'replace'>
  accountState: AccountState
  leases: Pick<Leases, 'acquire'>
  /** The queue works for this database only. */
  databaseId: string
  openCircuits: Pick<OpenCircuits, 'record' | 'remove'>
  api: Pick<WechatApi, 'sendTemplate' | 'getQuota' | 'listTemplates'>
  /** Answers what producers ask about pushes, from the time the queue is there until the worker stops. */
  startControlServer(onError: (error: Error) => void): ControlServer
  /** Told by the one worker of several that paused or resumed the account. */
  onPauseChange?: (news: PauseNews) => void
  log: Log
}

export interface PushWorkerOptions {
  /** Sends in flight. */
  concurrency: number
  /** Tries before a failure that could pass becomes final. */
  attempts: number
  /** Sends per second over all workers of the account; 0 = only the adaptive limit. */
  rate: number
}

interface ControlServer {
  stop(): Promise<void>
}

export interface PushWorker {
  /** Resolves when it takes jobs; waits for the queue as long as it takes. */
  start(): Promise<void>
  /** Takes no more jobs and finishes those under way, for at most 30 s. */
  stop(): Promise<void>
}

const stopPatience = 30 * second
/** While some jobs are taken out of the queue or off it, others fill the sends that are allowed at once. */
const jobsPerSend = 1.5
const atHand = ['waiting', 'prioritized', 'active'] as const
/** What an idle worker may take to close when its server does not answer. */
const idleStopPatience = 3 * second

/** Takes the pushes of one account from the queue and sends them; goes on by itself after any outage. */
export function createPushWorker(deps: PushWorkerDeps, options: PushWorkerOptions): PushWorker {
  const { appid, pushes, held, followers, templates, accountState: state, leases, api, openCircuits } = deps
  const { queue, createWorker, onReady, untilUnusable, explain, reset } = deps.queue
  const log = deps.log.child({ account: appid })
  const owner = randomUUID()
  const forceStop = new AbortController()
  const releasers: (() => void)[] = []
  let worker: QueueWorker | undefined
  let controlServer: ControlServer | undefined
  let isStopping = false
  let inFlight = 0
  let taken = 0

  // Every send under way may wait for it.
  setMaxListeners(0, forceStop.signal)

  const jobsAtOnce = Math.floor(options.concurrency * jobsPerSend)
  const breaker = createCircuitBreaker({
    pause: () => worker?.pause(true),
    resume(isTrial) {
      if (!worker) return
      worker.concurrency = isTrial ? 1 : jobsAtOnce
      // What it meets is emitted as an error of the worker.
      void worker.resume()
    },
    probe: () => isAnswering(api),
    report(need, wait) {
      const write = wait ? openCircuits.record(owner, { need, ...wait }) : openCircuits.remove(owner, need)
      // Only `status` reads it, and a database that fails is the reason why some circuits are open.
      write.catch(() => {})
    },
    log,
  })
  const others = createOtherPushes({
    isTrial: () => guard.isTrial(),
    async countAtHand() {
      const { waiting = 0, prioritized = 0, active = 0 } = await queue.getJobCounts(...atHand)
      return waiting + prioritized + active
    },
  })
  const guard = createAccountGuard({
    queue: {
      ...rememberPaused(queue),
      setGlobalConcurrency: (concurrency) => queue.setGlobalConcurrency(concurrency),
      removeGlobalConcurrency: () => queue.removeGlobalConcurrency(),
    },
    state,
    api,
    alert: (news) => deps.onPauseChange?.(news),
    log,
  })
  const rateController = createRateController({
    queue,
    state,
    mayRaise: () => leases.acquire(`pace ${appid}`, owner, 3 * second),
    ceiling: options.rate,
    log,
  })
  const heldForwarder = createHeldForwarder({ queue, held, log })
  const processor = createProcessor({
    appid,
    maxAttempts: options.attempts,
    concurrency: () => (breaker.isTrial() ? 1 : options.concurrency),
    mayTry: () => !isStopping && !guard.isPaused() && !breaker.isClosed('wechat'),
    pushes,
    held,
    releaseNext: heldForwarder.next,
    api,
    others,
    directory: {
      findByUnionid: followers.findRecipient,
      findByOpenid: followers.findByOpenid,
      findFormer: followers.findFormer,
      countNameless: followers.countNameless,
      settleUnionid: deps.settleUnionid,
      findBySession: deps.findSessionUser,
    },
    isTemplate: createTemplateCheck({ appid, templates, leases, api, log }),
    markLeft: async (openid) => {
      await followers.markUnsubscribed([openid], Date.now())
    },
    onUnrecorded: (error) => breaker.note('database', error.message),
    signal: forceStop.signal,
  })
  const handler = createJobHandler({ processor, breaker, guard, rateController, others, log })

  const failedJobs = createFailedJobs({ queue, handler, processor, onError: noteQueueError })

  return {
    async start() {
      queue.on('error', noteQueueError)
      onReady(() => {
        breaker.pass('queue')
        if (!isStopping) rateController.renew()
      })
      releasers.push(breaker.stop, guard.stop, rateController.stop, heldForwarder.stop)
      await Promise.race([untilUnusable, queue.waitUntilReady()])
      if (isStopping) return
      let takenBefore = 0
      const isIdle = () => {
        const hasTaken = taken !== takenBefore
        takenBefore = taken
        return worker !== undefined && inFlight === 0 && !hasTaken && !breaker.isClosed() && !guard.isTrial()
      }
      releasers.push(startWatchdog({ queue, isIdle, rebuild, reconnect: reset }).stop)
      await Promise.race([untilUnusable, retryUntilReady(() => deps.queue.claim(deps.databaseId))])
      if (isStopping) return
      controlServer = deps.startControlServer(noteQueueError)
      for (const prepare of [rateController.start, guard.start, failedJobs.settle]) {
        await Promise.race([untilUnusable, retryUntilReady(prepare)])
      }
      if (isStopping) return
      worker = startWorker()
      heldForwarder.start()
      const mayLook = (ttlMs: number) => leases.acquire(`orphans ${appid}`, owner, ttlMs)
      const orphans = startRecoverer({ queue, pushes, mayLook, releaseNext: heldForwarder.next, log })
      releasers.push(orphans.stop, failedJobs.start())
    },

    async stop() {
      isStopping = true
      for (const release of releasers.splice(0).reverse()) release()
      const closed = new AbortController()
      const patience = inFlight > 0 ? stopPatience : idleStopPatience
      const lastCall = setTimeout(() => forceStop.abort(), stopPatience - 5 * second)
      await Promise.race([
        Promise.all([worker?.close(), controlServer?.stop()]),
        sleep(patience, undefined, { signal: closed.signal }).catch(() => {}),
      ])
      clearTimeout(lastCall)
      closed.abort()
    },
  }

  /** A server that is read-only or a disk that is full when the worker starts may be well again in a moment. */
  async function retryUntilReady(prepare: () => Promise<void>): Promise<void> {
    while (!isStopping) {
      try {
        return await prepare()
      } catch (error) {
        if (error instanceof DatabaseError) breaker.note('database', error.message)
        else if (error instanceof Error && error.name === 'ReplyError') breaker.note('queue', explain(error))
        else throw error
        await sleep(second)
      }
    }
  }

  function startWorker(): QueueWorker {
    const started = createWorker(
      async (job, token) => {
        // Taken when this worker was given up, so that nobody renews its lock: it goes back when that runs out.
        if (started !== worker) throw new DelayedError()
        inFlight += 1
        taken += 1
        try {
          await handler.handle(job, token)
        } finally {
          inFlight -= 1
        }
      },
      {
        concurrency: breaker.isTrial() ? 1 : jobsAtOnce,
        // After a crash its jobs are free again within 20 s, far inside WeChat's dedupe window.
        lockDuration: 15 * second,
        stalledInterval: 5 * second,
        // Whoever adds a job wakes it up; many a Redis is paid by the command.
        drainDelay: 20,
        maxStalledCount: mostCrashes,
        runRetryDelay: second,
        removeOnComplete: { count: 0 },
      },
    )
    started.on('error', noteQueueError)
    started.on('failed', (job) => {
      if (!job?.finishedOn) return
      handler.settle(job).catch((error) => {
        noteQueueError(error)
        failedJobs.settleSoon()
      })
    })
    return started
  }

  function rebuild(): void {
    log.warn('jobs are waiting and none is taken: the worker is made anew')
    worker?.close(true).catch(() => {})
    worker = startWorker()
  }

  /** A server that refuses commands would be asked again at once, for ever. */
  function noteQueueError(error: Error): void {
    if (error.name === 'ReplyError') breaker.close('queue', explain(error))
    else breaker.note('queue', explain(error))
  }
}
