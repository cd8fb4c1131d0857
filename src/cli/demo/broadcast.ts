import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '../../app.ts'
import type { Config } from '../../base/config.ts'
import { minute, second } from '../../base/duration.ts'
import { createLog } from '../../base/log.ts'
import { createReleasers } from '../../base/releasers.ts'
import {
  type Broadcast,
  type BroadcastDeps,
  createOne,
  findBroadcast,
  pauseOne,
  resumeOne,
} from '../../operations/broadcasts/broadcasts.ts'
import type { Simulator } from '../../simulator/controls.ts'
import { createSimulator } from '../../simulator/simulator.ts'
import { isPretty } from '../accounts/withAccounts.ts'
import type { Output } from '../output.ts'
import { phrase } from '../text/phrase.ts'
import { stopIfAsked, syncDemo } from './run.ts'
import { startWorkerProcess, type WorkerProcess } from './workerProcess.ts'
import {
  arrangeReceipts,
  createDemoAppid,
  removeQueues,
  toDemoConfig,
  toDemoEnvironment,
  toDemoMessage,
} from './world.ts'

export interface DemoBroadcast {
  ok: boolean
  queueBackend: Config['queue']['kind']
  broadcast: Broadcast
  /** Recipients who were being sent to when the worker was killed. */
  underWayWhenKilled: number
  /** What WeChat counted by itself. */
  wechat: { accepted: number; acceptedTwice: number }
  /** Everything that does not add up; empty if all is well. */
  problems: string[]
  durationMs: number
}

const people = 3_000
const patience = 3 * minute
/** They leave while it is paused. */
const leavers = 50

/**
 * One message to everybody, sent by a process of its own: first to a canary, then with a pause, then with that process
 * killed in the middle. Needs no configuration; `REDIS_URL` is used if it is set. Everything it made is removed at the end.
 */
export async function runDemoBroadcast(out: Output, stop: AbortSignal): Promise<DemoBroadcast> {
  const startedAt = performance.now()
  const releasers = createReleasers()
  try {
    out.remark(phrase('demo.made', { count: people }))
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-demo-'))
    releasers.add(() => rm(dir, { recursive: true, force: true }))
    const simulator = await createSimulator({ appid: createDemoAppid(), followers: people, latencyMs: 50 })
    releasers.add(() => simulator.close())
    const config = toDemoConfig(simulator, dir)
    releasers.add(() => removeQueues(config, []))
    const log = createLog({ level: config.logLevel === 'debug' ? 'debug' : 'silent', pretty: isPretty(out) })
    const app = await createApp(config, log)
    releasers.add(() => app.close())
    const [account] = app.accounts()
    if (!account) throw new Error('The demo lost its account')
    const startWorker = () => {
      const worker = startWorkerProcess(dir, toDemoEnvironment(simulator, dir))
      releasers.add(worker.kill)
      return worker
    }
    const worker = startWorker()
    await syncDemo(account, out, phrase('demo.sync'), stop)
    await arrangeReceipts(simulator, app)
    const { id } = await createOne(account, { ...toDemoMessage(simulator), canary: '2%' })
    const until = createWait(account, id, out, stop)
    const { underWayWhenKilled } = await haveBadDay({
      account,
      id,
      simulator,
      out,
      until,
      worker,
      startWorker,
    })
    const broadcast = await until(() => true)
    const wechat = countAccepted(simulator)
    const problems = findProblems(broadcast, wechat)
    return {
      ok: problems.length === 0,
      queueBackend: config.queue.kind,
      ...{ broadcast, underWayWhenKilled, wechat, problems },
      durationMs: Math.round(performance.now() - startedAt),
    }
  } finally {
    await releasers.close()
  }
}

type Wait = (isWanted: (broadcast: Broadcast) => boolean, worker?: WorkerProcess) => Promise<Broadcast>

interface BadDay {
  account: BroadcastDeps
  id: string
  simulator: Simulator
  out: Output
  until: Wait
  worker: WorkerProcess
  startWorker(): WorkerProcess
}

/** Resolves when it is over and all receipts are in. */
async function haveBadDay({ account, id, simulator, out, until, worker, startWorker }: BadDay) {
  out.remark(phrase('demo.broadcastCreated'))
  const canary = await until((one) => one.canary?.state !== 'running', worker)
  out.remark(phrase('demo.canary', { count: canary.canary?.size ?? 0 }))
  await until((one) => one.canary?.state === 'passed', worker)
  out.remark(phrase('demo.canaryPassed'))
  await until(({ counts }) => counts.waiting < people * 0.7, worker)
  await pauseOne(account, id)
  for (let i = 1; i <= leavers; i += 1) simulator.unfollow(simulator.userAt(people - i).openid)
  // Those that were under way end.
  await sleep(second)
  const before = countAccepted(simulator).accepted
  await sleep(second)
  const during = countAccepted(simulator).accepted - before
  out.remark(phrase('demo.pause', { before, during, left: leavers }))
  await resumeOne(account, id)
  await until(({ counts }) => counts.waiting < people * 0.35, worker)
  await worker.kill()
  const row = await account.broadcasts.find(id)
  const { inFlight } = row ? await account.broadcasts.openWork(row.no) : { inFlight: 0 }
  out.remark(phrase('demo.kill', { count: inFlight }))
  const next = startWorker()
  out.remark(phrase('demo.afterKill'))
  await until(({ status }) => status === 'finished', next)
  out.remark(phrase('demo.receiptsAwaited'))
  await until(({ counts }) => counts.sent === 0, next)
  return { underWayWhenKilled: inFlight }
}

/** Waits for what a broadcast is to come to, not for ever: the audit tells what is missing. */
function createWait(account: BroadcastDeps, id: string, out: Output, stop: AbortSignal): Wait {
  return async (isWanted, worker) => {
    const progress = out.createProgress(phrase('demo.sentTo'))
    const deadline = performance.now() + patience
    try {
      for (;;) {
        const broadcast = await findBroadcast(account, id)
        if (!broadcast) throw new Error('The demo lost its broadcast')
        const { selected, waiting } = broadcast.counts
        progress.update(selected - waiting, selected)
        if (isWanted(broadcast) || performance.now() > deadline) return broadcast
        stopIfAsked(stop)
        await (worker ? Promise.race([sleep(50), worker.failed]) : sleep(50))
      }
    } finally {
      progress.end()
    }
  }
}

function countAccepted(simulator: Simulator): DemoBroadcast['wechat'] {
  const openids = [...simulator.accepted()].map(({ openid }) => openid)
  return { accepted: openids.length, acceptedTwice: openids.length - new Set(openids).size }
}

function findProblems({ status, counts }: Broadcast, wechat: DemoBroadcast['wechat']): string[] {
  const { selected, ...outcomes } = counts
  const sum = Object.values(outcomes).reduce((total, count) => total + count, 0)
  const problems: string[] = []
  check('selected', selected, 'followers', people)
  check('selected', selected, 'the sum of the outcomes', sum)
  check('accepted by WeChat', wechat.accepted, 'sent', counts.sent + counts.delivered + counts.undelivered)
  check('accepted twice', wechat.acceptedTwice, 'none', 0)
  check('skipped or rejected', counts.skipped + counts.rejected, 'left', leavers)
  if (status !== 'finished') problems.push(`it has not ended: ${status}`)
  return problems

  function check(name: string, count: number, otherName: string, other: number): void {
    if (count !== other) problems.push(`${name}: ${count}, but ${otherName}: ${other}`)
  }
}
