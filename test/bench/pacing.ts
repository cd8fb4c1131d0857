import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import type { HiddenRate } from '../../src/simulator/options.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { redisUrl, withAccount } from './measure.ts'

/**
 * `npx tsx test/bench/pacing.ts`: worker processes against a WeChat whose limit nobody told them and which changes. One
 * JSON line per phase: how long the limit took to be found, and from then on how much of it was used and how many calls
 * were refused. The whole takes about 80 s; the simulator's limit counts in seconds of the clock.
 */
const people = 500
const sendPath = '/cgi-bin/message/template/send'
const workerProcess = fileURLToPath(new URL('../helpers/workerProcess.ts', import.meta.url))
const log = pino({ level: 'silent' })

interface Scenario {
  name: string
  processes: number
  total: number
  phases: { rate: HiddenRate; seconds: number }[]
}

interface Second {
  accepted: number
  refused: number
}

async function runScenario({ name, processes, total, phases }: Scenario): Promise<void> {
  await withAccount(async (appid) => {
    const simulator = await createSimulator({ appid, followers: people, seed: 1, keepAccepted: false })
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
    const path = join(dir, 'bench.db')
    const database = await openSqlite({ path, log })
    const users = Array.from({ length: people }, (_, n) => simulator.userAt(n))
    const infos = users.map(({ openid }) => ({ openid, subscribed: true }))
    await createFollowers(database, appid).upsert(infos, { at: Date.now() })
    const pusher = createPusher({ appid, redisUrl })
    const template = simulator.templates.find(({ content }) => content.includes('thing1.DATA'))
    await pusher.pushMany(
      Array.from({ length: total }, (_, n) => ({
        openid: users[n % people]?.openid,
        templateId: template?.templateId ?? '',
        data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
      })),
    )
    await pusher.close()

    const spent = () =>
      database.read.query.pushes
        .findMany({ columns: { status: true, attempts: true } })
        .sync()
        .filter(({ status, attempts }) => attempts > (status === 'sent' ? 1 : 0) && status !== 'sending')
        .length
    simulator.setRate(phases[0]?.rate ?? {})
    const { base, secret } = simulator
    const queue = { kind: 'redis', urls: [redisUrl] }
    const world = JSON.stringify({ appid, secret, base, queue, path, options: {} })
    const workers = await Promise.all(Array.from({ length: processes }, () => startWorker(world)))
    for (const [n, { rate, seconds }] of phases.entries()) {
      if (n > 0) simulator.setRate(rate)
      const codes = () => simulator.stats().errcodes[sendPath] ?? {}
      const seen = await watch(seconds, codes, rate.errcode ?? 45011)
      print({ scenario: name, processes, errcode: rate.errcode ?? 45011 }, rate.perSecond, seen, spent())
    }
    for (const worker of workers) worker.kill('SIGTERM')
    await Promise.all(workers.map((worker) => once(worker, 'exit')))
    await database.close()
    await simulator.close()
    await rm(dir, { recursive: true })
  })
}

async function startWorker(world: string): Promise<ChildProcess> {
  const child = fork(workerProcess, [world], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await once(child, 'message')
  return child
}

/** What the simulator answered, second by second. */
async function watch(
  seconds: number,
  codes: () => Record<string, number>,
  errcode: number,
): Promise<Second[]> {
  const seen: Second[] = []
  let last = codes()
  const begun = Date.now()
  for (let n = 1; n <= seconds; n++) {
    await sleep(begun + n * 1_000 - Date.now())
    const now = { ...codes() }
    const more = (code: number) => (now[code] ?? 0) - (last[code] ?? 0)
    seen.push({ accepted: more(0), refused: more(errcode) })
    last = now
  }
  return seen
}

function print(what: object, limit: number | undefined, seen: Second[], spentAttempts: number): void {
  const found = limit === undefined ? 0 : findSettled(seen, limit)
  const steady = toTotals(seen.slice(Math.max(0, found)))
  const line = {
    ...what,
    limit: limit ?? null,
    acceptedPerSecond: round(steady.perSecond),
    shareOfLimit: limit === undefined ? null : round(steady.perSecond / limit),
    refusedShare: round(steady.refusedShare, 4),
    secondsUntilFound: found,
    refusedUntilFound: seen.slice(0, Math.max(0, found)).reduce((sum, { refused }) => sum + refused, 0),
    steadySeconds: seen.length - found,
    spentAttempts,
  }
  console.log(JSON.stringify(line))
}

/** The second from which on five in a row were as wanted; -1 = there is none. */
function findSettled(seen: Second[], limit: number): number {
  return seen.findIndex((_, n) => {
    const { perSecond, refusedShare } = toTotals(seen.slice(n, n + 5))
    return n + 5 <= seen.length && perSecond >= 0.85 * limit && refusedShare < 0.01
  })
}

function toTotals(seen: Second[]): { perSecond: number; refusedShare: number } {
  const accepted = seen.reduce((sum, second) => sum + second.accepted, 0)
  const refused = seen.reduce((sum, second) => sum + second.refused, 0)
  return { perSecond: accepted / seen.length, refusedShare: refused / Math.max(1, accepted + refused) }
}

function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits))
}

const falling = (errcode: 45011 | -1) => [
  { rate: { perSecond: 120, errcode }, seconds: 40 },
  { rate: { perSecond: 60, errcode }, seconds: 35 },
]
await Promise.all([
  runScenario({ name: 'falling limit', processes: 1, total: 15_000, phases: falling(45011) }),
  runScenario({ name: 'falling limit', processes: 2, total: 15_000, phases: falling(-1) }),
])
await runScenario({
  name: 'no limit',
  processes: 1,
  total: 20_000,
  phases: [{ rate: {}, seconds: 4 }],
})
