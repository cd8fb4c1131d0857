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
import { createPusher } from '../../library/createPusher.ts'
import type { Simulator } from '../../simulator/controls.ts'
import { createSimulator } from '../../simulator/simulator.ts'
import { isPretty } from '../accounts/withAccounts.ts'
import { NegativeAnswer } from '../failure.ts'
import { formatCount, formatDuration } from '../format.ts'
import type { Output } from '../output.ts'
import { withSyncProgress } from '../syncProgress.ts'
import { type Audit, audit, blockers } from './audit.ts'
import { type Crowd, createCrowd, people } from './crowd.ts'
import { arrangeReceipts, createDemoAppid, removeQueues, toDemoConfig } from './world.ts'

export interface DemoResult extends Audit {
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
    out.remark(`A fake WeChat with ${formatCount(people)} followers is made`)
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

    out.remark(`It answers at ${simulator.base}\n`)
    crowd.leave('before first sync')
    const firstSync = await sync(account, out, 'First sync ', stop)
    crowd.leave('before second sync')
    const secondSync = await sync(account, out, 'Second sync', stop)
    crowd.leave('after both syncs')

    const place =
      config.queue.kind === 'redis' ? 'Redis' : 'a database inside this process: making it takes 5 to 30 s'
    out.remark(`Worker       starts, with the queue in ${place}`)
    const starting = performance.now()
    await remarkWhile(out, 'Worker       still starting', app.startWorker())
    out.remark(`Worker       ready after ${formatDuration(performance.now() - starting)}`)
    out.remark('Receipts     WeChat checks our callback server')
    simulator.addCallbackRule({ status: 'failed:user block', times: blockers })
    await arrangeReceipts(simulator, app)
    out.remark('Pushes       2,000 are queued, and then all of them once more')
    const again = await pushEverybody(crowd, config)
    await untilEnded(account, crowd.asks.length, out, stop)
    out.remark('Receipts     the last ones are waited for')
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

async function sync(account: Account, out: Output, label: string, signal: AbortSignal): Promise<DemoSync> {
  const result = await withSyncProgress(out, label, (watch) => account.sync({ signal, ...watch }))
  stopIfAsked(signal)
  return result
}

/** For what cannot tell how far it is. */
async function remarkWhile(out: Output, text: string, work: Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  const remark = () => out.remark(`${text}, ${formatDuration(performance.now() - startedAt)}`)
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
  const progress = out.createProgress('Pushes     ')
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

function stopIfAsked(stop: AbortSignal): void {
  if (stop.aborted) throw new NegativeAnswer('stopped', 'The demo was stopped')
}
