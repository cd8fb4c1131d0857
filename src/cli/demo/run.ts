import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from '../../account.ts'
import { createApp } from '../../app.ts'
import type { Config } from '../../base/config.ts'
import { minute, second } from '../../base/duration.ts'
import { every } from '../../base/every.ts'
import { createLog } from '../../base/log.ts'
import { createReleasers } from '../../base/releasers.ts'
import { say } from '../../base/sentences/sentence.ts'
import { createPusher } from '../../library/createPusher.ts'
import type { Simulator } from '../../simulator/controls.ts'
import { createSimulator } from '../../simulator/simulator.ts'
import { isPretty } from '../accounts/withAccounts.ts'
import { NegativeAnswer } from '../failure.ts'
import { formatDuration } from '../format.ts'
import type { Output } from '../output.ts'
import { withSyncProgress } from '../syncProgress.ts'
import { phrase } from '../text/phrase.ts'
import { audit, blockers, type DemoAudit } from './audit.ts'
import { type Crowd, createCrowd, people } from './crowd.ts'
import { arrangeReceipts, createDemoAppid, removeQueues, toDemoConfig } from './world.ts'

export interface DemoResult extends DemoAudit {
  ok: boolean
  queueBackend: Config['queue']['kind']
  firstSync: DemoSync
  secondSync: DemoSync
  /** The same pushes, asked for once more. */
  again: { queued: number; duplicates: number }
  durationMs: number
}

const patience = 3 * minute
const sendPath = '/cgi-bin/message/template/send'

/**
 * A whole day of an account in less than a minute: two syncs, then pushes while WeChat is busy and a token dies. Needs
 * no configuration; `REDIS_URL` is used if it is set. Everything it made is removed at the end.
 */
export async function runDemo(out: Output, stop: AbortSignal): Promise<DemoResult> {
  const startedAt = performance.now()
  const releasers = createReleasers()
  try {
    out.remark(phrase('demo.made', { count: people }))
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-demo-'))
    releasers.add(() => rm(dir, { recursive: true, force: true }))
    const appid = createDemoAppid()
    let accepted = 0
    const simulator: Simulator = await createSimulator({
      appid,
      followers: people,
      withoutUnionid: 0.02,
      onAccepted() {
        accepted += 1
        haveBadDay(simulator, accepted)
      },
    })
    releasers.add(() => simulator.close())
    const config = toDemoConfig(simulator, dir)
    const crowd = createCrowd(simulator)
    releasers.add(() =>
      removeQueues(
        config,
        crowd.asks.map(({ message }) => message.id),
      ),
    )
    const logLevel = config.logLevel === 'debug' ? 'debug' : 'error'
    const app = await createApp(config, createLog({ level: logLevel, pretty: isPretty(out) }))
    releasers.add(() => app.close())
    const [account] = app.accounts()
    if (!account) throw new Error('The demo lost its account')

    out.remark(phrase('demo.answers', { base: simulator.base }))
    crowd.leave('before first sync')
    const firstSync = await syncDemo(account, out, phrase('demo.first'), stop)
    crowd.leave('before second sync')
    const secondSync = await syncDemo(account, out, phrase('demo.second'), stop)
    crowd.leave('after both syncs')

    const place = config.queue.kind === 'redis' ? 'Redis' : say('demo.inProcess')
    out.remark(phrase('demo.worker', { place }))
    const starting = performance.now()
    await remarkWhile(out, app.startWorker())
    out.remark(phrase('demo.workerReady', { duration: formatDuration(performance.now() - starting) }))
    out.remark(phrase('demo.receiptsChecked'))
    simulator.addCallbackRule({ status: 'failed:user block', times: blockers })
    await arrangeReceipts(simulator, app)
    out.remark(phrase('demo.queueing'))
    const again = await pushEverybody(crowd, config)
    await untilEnded(account, crowd.asks.length, out, stop)
    out.remark(phrase('demo.receiptsAwaited'))
    await untilReceived(account, stop)
    const books = await audit(crowd, account.pushes, simulator)
    const problems = [...books.problems, ...findSyncProblems(firstSync, secondSync, crowd)]
    return {
      ok: problems.length === 0,
      queueBackend: config.queue.kind,
      firstSync,
      secondSync,
      again,
      ...books,
      problems,
      durationMs: Math.round(performance.now() - startedAt),
    }
  } finally {
    await releasers.close()
  }
}

type DemoSync = Awaited<ReturnType<Account['sync']>>

export async function syncDemo(
  account: Account,
  out: Output,
  label: string,
  signal: AbortSignal,
): Promise<DemoSync> {
  const result = await withSyncProgress(out, label, (watch) => account.sync({ signal, ...watch }))
  stopIfAsked(signal)
  return result
}

/** For what cannot tell how far it is. */
async function remarkWhile(out: Output, work: Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  const remark = () => {
    const duration = formatDuration(performance.now() - startedAt)
    out.remark(phrase('demo.workerStarting', { duration }))
  }
  const stop = every(3 * second, remark)
  try {
    await work
  } finally {
    stop()
  }
}

/** In the middle of the sends WeChat is busy twice; the token dies between. */
function haveBadDay(simulator: Simulator, accepted: number): void {
  if (accepted === 400) beBusy(simulator, 40)
  if (accepted === 900) simulator.killToken()
  if (accepted === 1_200) beBusy(simulator, 30)
}

/** Not by number alone: a slow machine meets an outage then, whose rest it would try out one by one for minutes. */
function beBusy(simulator: Simulator, times: number): void {
  const fault = simulator.addFault({ path: sendPath, action: { errcode: -1 }, times })
  setTimeout(fault.remove, second)
}

/** Asks for everybody twice: the ids make it one push each. */
async function pushEverybody(
  crowd: Crowd,
  { accounts: [account], queue, dataDir }: Config,
): Promise<DemoResult['again']> {
  const redisUrl = queue.kind === 'redis' ? { redisUrl: queue.urls.join(',') } : {}
  const pusher = createPusher({ appid: account.appid, dataDir, ...redisUrl })
  try {
    const messages = crowd.asks.map(({ message }) => message)
    await pusher.pushMany(messages)
    const { queued, duplicates } = await pusher.pushMany(messages)
    return { queued, duplicates }
  } finally {
    await pusher.close()
  }
}

async function untilEnded({ pushes }: Account, asked: number, out: Output, stop: AbortSignal): Promise<void> {
  const progress = out.createProgress(phrase('demo.pushes'))
  const deadline = performance.now() + patience
  try {
    for (let ended = 0; ended < asked && performance.now() < deadline; await sleep(50)) {
      stopIfAsked(stop)
      const counts = Object.values(await pushes.countFinished(0))
      ended = counts.reduce((sum, count) => sum + count, 0)
      progress.update(ended, asked)
    }
  } finally {
    progress.end()
  }
}

/** Receipts come a moment after the sends; the audit tells if one is missing. */
async function untilReceived({ pushes }: Account, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + patience
  while (performance.now() < deadline && ((await pushes.countFinished(0)).sent ?? 0) > 0) {
    stopIfAsked(stop)
    await sleep(50)
  }
}

function findSyncProblems(first: DemoSync, second: DemoSync, { plans }: Crowd): string[] {
  const countLeavers = (when: string) =>
    plans.reduce((sum, { leave, size }) => (leave === when ? sum + size : sum), 0)
  const problems: string[] = []
  if (first.status !== 'complete' || first.added !== people - countLeavers('before first sync')) {
    problems.push(`first sync: ${first.status}, ${first.added} followers added`)
  }
  if (
    second.status !== 'complete' ||
    // Only who had no unionid is asked about again.
    second.fetched !== first.withoutUnionid ||
    second.unsubscribed !== countLeavers('before second sync')
  ) {
    problems.push(`second sync: ${second.status}, ${second.fetched} fetched, ${second.unsubscribed} left`)
  }
  return problems
}

export function stopIfAsked(stop: AbortSignal): void {
  if (stop.aborted) throw new NegativeAnswer('stopped', say('failure.demoStopped'))
}
