import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createSemaphore } from '../base/semaphore.ts'
import type { AccountState } from '../db/accountState.ts'
import type { HeldPushes } from '../db/heldPushes.ts'
import type { Leases } from '../db/leases/leases.ts'
import type { OpenCircuits } from '../db/openCircuits.ts'
import type { PushRows } from '../db/pushes.ts'
import type { FindSessionUser } from '../db/sessions.ts'
import type { TemplatePauses, Templates } from '../db/templates.ts'
import { createAccountHealth } from '../health/accountHealth.ts'
import type { PauseAlert } from '../health/alertText.ts'
import { releaseTemplate } from '../push/releaseTemplate.ts'
import type { BroadcastWorker, Sender } from '../push/sender.ts'
import type { PushQueue } from '../queue/backend.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import type { WechatApi } from '../wechat/api.ts'
import { createConsumer } from './consumer.ts'
import { createFailedJobs } from './failedJobs.ts'
import { createHandOver } from './handOver.ts'
import { createHeldForwarder } from './heldForwarder.ts'
import { createJobHandler } from './jobHandler.ts'
import { isLostLock } from './lostLock.ts'
import { createOtherPushes } from './processor/otherPushes.ts'
import { createProcessor } from './processor/processor.ts'
import type { Directory, KnownFollower } from './processor/resolve.ts'
import type { TryDeps } from './processor/tryOnce.ts'
import { createUserLimits, type UserLimitsSettings } from './processor/userLimits.ts'
import { createReactions, toDatabaseOutage } from './reactions.ts'
import { startRecoverer } from './recoverer.ts'
import { type PassingFault, retryUntilReady, toPassingFault } from './retryUntilReady.ts'
import { createSender } from './sender.ts'
import { createTemplateCheck } from './templates/templateCheck.ts'
import { createTemplateGuard } from './templates/templateGuard.ts'
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
  otherAccounts: TryDeps['otherAccounts']
  /** The pushes of another account. */
  openQueueOf(appid: string): Pick<ProducerQueue, 'run'>
  templates: Pick<Templates, 'find' | 'isGone' | 'replace'>
  templatePauses: TemplatePauses
  accountState: AccountState
  leases: Pick<Leases, 'acquire' | 'release'>
  /** The queue works for this database only. */
  databaseId: string
  openCircuits: Pick<OpenCircuits, 'record' | 'remove'>
  api: Pick<WechatApi, 'sendTemplate' | 'getQuota' | 'listTemplates'>
  /** Answers what producers ask about pushes, from the time the queue is there until the worker stops. */
  startControlServer(onError: (error: Error) => void): ControlServer
  /** For an account that has broadcasts. */
  createBroadcastWorker?: (sender: Sender, queue: PushQueue) => BroadcastWorker
  /** Told by the one worker of several that paused or resumed the account. */
  onPauseChange?: (change: PauseAlert) => void
  log: Log
}

export interface PushWorkerOptions {
  /** Sends in flight. */
  concurrency: number
  /** Tries before a failure that could pass becomes final. */
  attempts: number
  /** Sends per second over all workers of the account; 0 = only the adaptive limit. */
  rate: number
  /** Undefined = users are sent whatever is pushed. */
  userLimits?: UserLimitsSettings
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
  const { appid, pushes, held, leases, log } = deps
  const { queue, createWorker, onReady, untilUnusable, isRefusal, explain, reset } = deps.queue
  const owner = randomUUID()
  const forceStop = new AbortController()
  const releasers: (() => void)[] = []
  let controlServer: ControlServer | undefined
  let broadcasts: BroadcastWorker | undefined
  let isStopping = false

  // Every send under way may wait for it.
  setMaxListeners(0, forceStop.signal)

  const toConcurrency = () => (breaker.isTrial() ? 1 : Math.floor(options.concurrency * jobsPerSend))
  const health = createAccountHealth({
    ...deps,
    queue,
    owner,
    ceiling: options.rate,
    pause: () => consumer.pause(),
    resume: () => consumer.resume(toConcurrency()),
    alert: (change) => deps.onPauseChange?.(change),
    log,
  })
  const { breaker, guard, rateController } = health
  const heldForwarder = createHeldForwarder({ queue, held, log })
  const others = createOtherPushes({
    isTrial: guard.isTrial,
    countAtHand: async () => (await countAtHand(queue)) + (broadcasts?.countAtHand() ?? 0),
  })
  const { signal } = forceStop
  const tries = toTries(deps, options, { health, others, log, signal, isStopping: () => isStopping })
  const processor = createProcessor({ ...tries, appid, pushes, releaseNext: heldForwarder.next })
  const note = createReactions({ breaker, guard, rateController, others, log })
  const sender = createSender({ appid, tries, note, ...toSendingRules(health) })
  broadcasts = deps.createBroadcastWorker?.(sender, queue)
  const handler = createJobHandler({ processor, breaker, note, broadcasts, log })
  const failedJobs = createFailedJobs({ queue, handler, processor, onError: noteQueueError })
  const consumer = createConsumer({
    createWorker,
    handler,
    onError: noteQueueError,
    onUnsettled: failedJobs.settleSoon,
    log,
  })

  return {
    async start() {
      queue.on('error', noteQueueError)
      onReady(() => {
        breaker.pass('queue')
        if (!isStopping) rateController.renew()
      })
      releasers.push(health.stop, heldForwarder.stop)
      await Promise.race([untilUnusable, waitForQueue(deps.queue)])
      if (isStopping) return
      const rebuild = () => consumer.restart(toConcurrency())
      releasers.push(startWatchdog({ queue, ...consumer, ...health, rebuild, reconnect: reset }).stop)
      await untilReady(() => deps.queue.claim(deps.databaseId))
      if (isStopping) return
      controlServer = deps.startControlServer(noteQueueError)
      const preparations = [rateController.start, guard.start, failedJobs.settle]
      for (const prepare of preparations) await untilReady(prepare)
      await untilReady(async () => tries.templateGuard?.load())
      if (isStopping) return
      consumer.start(toConcurrency())
      heldForwarder.start()
      const mayLook = (ttlMs: number) => leases.acquire(`orphans ${appid}`, owner, ttlMs)
      const recoverer = startRecoverer({ queue, pushes, mayLook, releaseNext: heldForwarder.next, log })
      releasers.push(recoverer.stop, failedJobs.start())
      broadcasts?.start()
      releasers.push(() => broadcasts?.stop())
    },

    async stop() {
      isStopping = true
      for (const release of releasers.splice(0).reverse()) release()
      const lastCall = setTimeout(() => forceStop.abort(), stopPatience - 5 * second)
      const closed = Promise.all([consumer.close(), controlServer?.stop()])
      await waitAtMost(consumer.hasJobs() ? stopPatience : idleStopPatience, closed)
      clearTimeout(lastCall)
    },
  }

  function untilReady(prepare: () => Promise<void>): Promise<void> {
    const note = ({ need, error }: PassingFault) =>
      breaker.note(need, need === 'queue' ? explain(error) : toDatabaseOutage(error))
    const judge = (error: unknown) => toPassingFault(error, isRefusal)
    return Promise.race([untilUnusable, retryUntilReady(prepare, judge, note, () => isStopping)])
  }

  /** A server that refuses commands would be asked again at once, for ever. */
  function noteQueueError(error: Error): void {
    if (isLostLock(error)) log.info({ detail: error.message }, 'lock of a job lost')
    else if (isRefusal(error)) breaker.trip('queue', explain(error))
    else breaker.note('queue', explain(error))
  }
}

/** A limit or a trial counts single sends. */
function toSendingRules({ rateController, guard, breaker }: ReturnType<typeof createAccountHealth>) {
  return {
    isOneByOne: () => rateController.isLimited() || guard.isTrial() || breaker.isTrial(),
    noteDatabaseError: (error: Error) => breaker.trip('database', toDatabaseOutage(error)),
  }
}

interface TryParts {
  health: ReturnType<typeof createAccountHealth>
  others: TryDeps['others']
  log: Log
  signal: AbortSignal
  isStopping(): boolean
}

/** What every try needs, of single pushes and of broadcasts. */
function toTries(
  deps: PushWorkerDeps,
  { attempts, concurrency, userLimits }: PushWorkerOptions,
  { health, others, log, signal, isStopping }: TryParts,
): TryDeps {
  const { pushes, held, api, followers } = deps
  const templates = createTemplateCheck({ ...deps, log })
  const alert = (change: PauseAlert) => deps.onPauseChange?.(change)
  return {
    slots: createSemaphore(),
    maxAttempts: attempts,
    concurrency: () => (health.breaker.isTrial() ? 1 : concurrency),
    mayTry: () => !isStopping() && health.mayTry(),
    pushes,
    held,
    api,
    others,
    directory: toDirectory(deps),
    otherAccounts: deps.otherAccounts,
    handOver: createHandOver(deps.openQueueOf),
    ...templates,
    templateGuard: createTemplateGuard({
      rows: deps.templatePauses,
      isListed: async (templateId) => !['gone', 'never'].includes(await templates.findStanding(templateId)),
      release: (templateId) => releaseTemplate({ queue: deps.queue.queue, pushes }, templateId),
      ...{ alert, log },
    }),
    userLimits: userLimits && createUserLimits(userLimits, deps),
    markLeft: (openid) => followers.markUnsubscribed([openid], Date.now()),
    onUnrecorded: (error) => health.breaker.note('database', toDatabaseOutage(error)),
    signal,
  }
}

/** A BullMQ queue that failed to get ready never tries again: what its server refuses then needs other settings. */
async function waitForQueue({ queue, isRefusal, explain }: WorkerQueue): Promise<void> {
  try {
    await queue.waitUntilReady()
  } catch (cause) {
    if (!isRefusal(cause)) throw cause
    throw new QueueUnavailableError(explain(cause), { isLasting: true, cause })
  }
}

async function countAtHand(queue: Pick<PushQueue, 'getJobCounts'>): Promise<number> {
  const { waiting = 0, prioritized = 0, active = 0 } = await queue.getJobCounts(...atHand)
  return waiting + prioritized + active
}

function toDirectory({ followers, settleUnionid, findSessionUser }: PushWorkerDeps): Directory {
  return {
    findByUnionid: followers.findRecipient,
    findByOpenid: followers.findByOpenid,
    findFormer: followers.findFormer,
    countNameless: followers.countNameless,
    settleUnionid,
    findBySession: findSessionUser,
  }
}

async function waitAtMost(patience: number, promise: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  await Promise.race([promise, sleep(patience, undefined, { signal: over.signal }).catch(() => {})])
  over.abort()
}
