import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../helpers/until.ts'
import { createAsks } from './asks.ts'
import { audit } from './audit.ts'
import { collectBooks, isQuiet, isSettled } from './books.ts'
import {
  collectBroadcastBooks,
  controlBroadcast,
  createBroadcastAsk,
  createBroadcastOf,
  isBroadcastOver,
  resumePaused,
} from './broadcast.ts'
import { auditBroadcast } from './broadcastAudit.ts'
import { ask } from './caller.ts'
import { createChance } from './chance.ts'
import { type Engines, usualEngines } from './engines.ts'
import { findOpenDoors, findSecrets } from './leaks.ts'
import { createPlan, type PlanForm, perform, reduce, toConditions } from './plan.ts'
import type { Program } from './program.ts'
import { watchSettled } from './settled.ts'
import { logIn } from './userLogin.ts'
import { createWorld, type World } from './world.ts'

export interface RunChoice {
  engines?: Engines
  seed: number
  /** Parts of the names of the faults to choose from, separated by `|`. */
  only?: string | undefined
  isLong?: boolean
  /** Milliseconds for the drain, where the machine is slower than usual. */
  patience?: number | undefined
}

export interface RunOptions extends RunChoice {
  log(line: string): void
}

export interface RunResult {
  seed: number
  /** Names of the faults that happened. */
  faults: string[]
  skipped: string[]
  violations: string[]
  statuses: Record<string, number>
  ms: { drain: number; total: number }
  logs: string
}

interface Form extends PlanForm {
  /** Pushes, at least and at most. */
  pushes: readonly [number, number]
  stretch: number
  /** Milliseconds for the drain. */
  patience: number
}

const forms: Record<'short' | 'long', Form> = {
  short: { pushes: [100, 200], faults: [2, 4], duration: 3_000, stretch: 1, patience: 60_000 },
  long: { pushes: [2_000, 4_000], faults: [4, 10], duration: 60_000, stretch: 10, patience: 400_000 },
}

/** What a run with this seed will do, and the chance that is left for the rest of it. */
export function prepare({ seed, only, isLong = false, engines = usualEngines, patience }: RunChoice) {
  const usual = isLong ? forms.long : forms.short
  const form = { ...usual, patience: patience ?? usual.patience }
  const chance = createChance(seed)
  return { form, plan: createPlan({ form, only, engines, chance: chance.fork() }), chance }
}

/** One run: pushes are asked for while faults come and go; when the last has gone and all has drained, the books are compared. */
export async function run(
  program: Program,
  { seed, only, isLong = false, engines = usualEngines, patience, log }: RunOptions,
): Promise<RunResult> {
  const startedAt = performance.now()
  const { form, plan, chance } = prepare({ seed, only, isLong, engines, patience })
  const world = await createWorld({
    main: program.main,
    chance: chance.fork(),
    stretch: form.stretch,
    engines,
    conditions: toConditions(plan),
  })
  const stop = new AbortController()
  try {
    const { workers, desk, appid, producer, queue, simulator, caller } = world
    const { possible, skipped } = reduce(plan, world)
    for (const { name, at } of possible) log(`  ${(at / 1000).toFixed(1)} s ${name}`)

    const areReady = await Promise.all([workers, desk.crew].map((crew) => crew.ready(60_000)))
    if (areReady.includes(false))
      throw new Error(`the program does not start:\n${workers.logs()}${desk.crew.logs()}`)
    await queue.watch()
    await desk.open()
    const sessionKeys = await logIn(world)
    const asks = createAsks(simulator, chance.count(...form.pushes), form.duration, chance.fork())
    const { settled, stop: stopWatching } = watchSettled(world)
    stop.signal.addEventListener('abort', stopWatching)
    const broadcast = createBroadcastAsk(simulator, form.duration, chance.fork())
    if (broadcast) log(`  a broadcast to ${broadcast.rows.length} ${JSON.stringify(broadcast.control)}`)
    const id = broadcast && (await createBroadcastOf(world, broadcast))
    const asking = ask(asks, caller, { appid, ...producer }, stop.signal)
    const controlling = broadcast && id && controlBroadcast(world, id, broadcast, stop.signal)
    const acting = Promise.all([perform(world, possible), asking, controlling]).then(() => true)
    // Who waits for an answer that never comes would have the run wait as long.
    const tooLong = form.duration + 2 * form.patience
    const hasEnded = await Promise.race([acting, sleep(tooLong, false, { ref: false })])
    const liftedAt = performance.now()
    const midnight = world.admitted.isOutOfQuota ? setInterval(() => comeMidnight(world), 1_000) : undefined
    const person = broadcast && setInterval(() => resumePaused(world), 1_000)
    const isDrained = await until(
      async () => (await isQuiet(world)) && (!broadcast || (await isBroadcastOver(world))),
      form.patience,
    )
    clearInterval(person)
    // A receipt that overtook the record of its send by some time is looked at again after as much time once more.
    const took = performance.now() - liftedAt
    if (isDrained) await until(() => isSettled(world), form.duration + 2 * took + form.patience / 4)
    clearInterval(midnight)
    const drain = Math.round(performance.now() - liftedAt)
    const violations = isDrained ? [] : [`not drained ${form.patience / 1000} s after the last fault`]
    if (!hasEnded) violations.push(`a fault or a caller did not come to its end within ${tooLong / 1_000} s`)

    await Promise.all([workers.dismiss(), desk.crew.dismiss()])
    const books = await collectBooks(world, asks, settled)
    const condition = await world.database.check()
    if (condition !== 'ok') violations.push(`the database is damaged: ${condition}`)
    const complaints = [...workers.complaints, ...desk.crew.complaints, ...world.complaints]
    if (broadcast) {
      const ofBroadcast = await collectBroadcastBooks(world, broadcast, books.broadcast)
      violations.push(...auditBroadcast(ofBroadcast))
      log(`  the broadcast: ${ofBroadcast.status} ${JSON.stringify(ofBroadcast.counted)}`)
    }
    violations.push(
      ...audit(books),
      ...complaints,
      ...(await findSecrets(world, sessionKeys)),
      ...findOpenDoors(world),
      ...findUnforeseen(workers.logs() + desk.crew.logs()),
    )
    const statuses: Record<string, number> = {}
    for (const { status } of books.rows) statuses[status] = (statuses[status] ?? 0) + 1
    return {
      seed,
      faults: possible.map(({ name }) => name),
      skipped,
      violations,
      statuses,
      ms: { drain, total: Math.round(performance.now() - startedAt) },
      logs: workers.logs() + desk.crew.logs(),
    }
  } finally {
    stop.abort()
    await world.close()
  }
}

/** WeChat's quotas come back at 00:00, which no run waits for: the next probe is made due instead. */
async function comeMidnight({ database }: World): Promise<void> {
  await database.run("update account_state set probe_at = 0 where paused_reason = 'quota_exhausted'")
}

/** An error of the program itself is a fault even if a repetition made up for it. */
function findUnforeseen(logs: string): string[] {
  return logs.split('\n').filter((line) => line.includes('unexpected error'))
}
