import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import { openDatabase } from '../../src/db/open.ts'
import {
  type BroadcastDeps,
  cancelOne,
  createOne,
  pauseOne,
  resumeOne,
} from '../../src/operations/broadcasts/broadcasts.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import { crowd } from './asks.ts'
import type { BroadcastBooks } from './broadcastAudit.ts'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

const verbs = { pause: pauseOne, resume: resumeOne, cancel: cancelOne }

/** One message to many, beside the single pushes. */
export interface RequestedBroadcast {
  /** Line n of it carries the tag `b<n>` in its link, past everything the program does with it. */
  rows: Record<string, string>[]
  templateId: string
  canary: string | undefined
  rate: number | undefined
  /** What a person does with it, milliseconds after the start of the run. */
  control: { at: number; verb: keyof typeof verbs }[]
}

/** Some runs have one. */
export function createBroadcastAsk(
  simulator: Simulator,
  duration: number,
  chance: Chance,
): RequestedBroadcast | undefined {
  const isWanted = chance.happens(0.4)
  const size = chance.count(50, 190)
  const byUnionid = chance.count(0, crowd / 2)
  const isPaused = chance.happens(0.4)
  const pausedAt = chance.between(0, duration * 0.8)
  const isCancelled = chance.happens(0.15)
  const template = simulator.templates.find(({ content }) => content.includes('thing1.DATA'))
  if (!isWanted || !template) return undefined
  return {
    templateId: template.templateId,
    rows: Array.from({ length: size }, (_, n) => {
      const { openid, unionid = '' } = simulator.userAt(n)
      return { ...(n < byUnionid ? { unionid } : { openid }), tag: `b${n + 1}` }
    }),
    canary: chance.happens(0.3) ? '10%' : undefined,
    rate: chance.happens(0.6) ? chance.count(15, 60) : undefined,
    control: [
      ...(isPaused ? [{ at: pausedAt, verb: 'pause' } as const] : []),
      ...(isPaused ? [{ at: pausedAt + duration * 0.2, verb: 'resume' } as const] : []),
      ...(isCancelled ? [{ at: chance.between(0.2, 1) * duration, verb: 'cancel' } as const] : []),
    ].sort((a, b) => a.at - b.at),
  }
}

/** Before anything goes wrong: what `create` does then has tests of its own. */
export function createBroadcastOf(world: World, ask: RequestedBroadcast): Promise<string> {
  const { templateId, rows, canary, rate } = ask
  return withBroadcasts(world, async (deps) => {
    const { id } = await createOne(deps, {
      ...{ templateId, canary, rate, audience: { rows }, maxFailures: '100%' },
      data: { thing1: '周年庆', time2: '2026-12-12 10:00' },
      url: 'https://example.com/?push={{tag}}',
    })
    return id
  })
}

/** A person who tries again when the database is away; one that is over is nothing to complain of. */
export async function controlBroadcast(
  world: World,
  id: string,
  { control }: RequestedBroadcast,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  for (const { at, verb } of control) {
    await sleep(Math.max(0, at - (performance.now() - startedAt)))
    while (!signal.aborted) {
      try {
        await withBroadcasts(world, (deps) => verbs[verb](deps, id))
        break
      } catch (error) {
        if (Object(error).code === 'broadcast_over') break
        await sleep(200)
      }
    }
  }
}

/** What no run waits for: a person who resumes, the ten minutes of a canary, and midnight. */
export async function resumePaused({ database }: World): Promise<void> {
  await database
    .run(`update broadcasts set status = 'running', reason = null, detail = null,
canary_state = case canary_state when 'waiting' then 'passed' else canary_state end where status = 'paused'`)
    .catch(() => {})
}

export async function isBroadcastOver({ database }: World): Promise<boolean> {
  const [left] = await database.select(`select (select count(*) from broadcasts
where status not in ('finished', 'cancelled')) + (select count(*) from broadcast_chunks)
+ (select count(*) from broadcast_retries) as n`)
  return Number(left?.n) === 0
}

export async function collectBroadcastBooks(
  { database }: World,
  ask: RequestedBroadcast,
  accepted: BroadcastBooks['accepted'],
): Promise<BroadcastBooks> {
  const [found] = await database.select('select status, selected from broadcasts')
  const rows = await database.select(
    'select seq, status, reason, msgid from broadcast_recipients order by seq',
  )
  const counts = await database.select('select status, sum(total) as n from broadcast_counts group by status')
  return {
    asked: ask.rows.length,
    status: String(found?.status),
    selected: Number(found?.selected),
    rows: rows.map(({ seq, status, reason, msgid }) => ({
      tag: `b${seq}`,
      status: status === null ? null : String(status),
      reason: reason === null ? null : String(reason),
      msgid: msgid === null ? null : String(msgid),
    })),
    counted: Object.fromEntries(counts.map(({ status, n }) => [String(status), Number(n)])),
    accepted,
  }
}

/** On a connection of its own each time: the file may be another one by now. */
async function withBroadcasts<T>(world: World, use: (deps: BroadcastDeps) => Promise<T>): Promise<T> {
  const { appid, database: own } = world
  const config = own.url.startsWith('file:')
    ? ({ engine: 'sqlite', path: own.url.slice('file:'.length) } as const)
    : ({ engine: 'postgres', ...toPostgresAddress(own.url) } as const)
  const database = await openDatabase(config, pino({ level: 'silent' }))
  try {
    return await use({
      name: appid,
      broadcasts: database.broadcasts(appid),
      accountState: database.accountState(appid),
      templates: database.templates(appid),
      api: { getQuota: () => Promise.reject(new Error('not asked')) },
      config: { timezone: 'Asia/Shanghai', pushConcurrency: 50, pushRate: 0 },
    })
  } finally {
    await database.close()
  }
}
