import { readdirSync, readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import type { Crew } from '../chaos/crew.ts'
import type { Setup } from './setup.ts'

const pageSize = 4_096
const mebibyte = 2 ** 20

/** One look at everything that could grow. */
export interface Sample {
  seconds: number
  asked: number
  accepted: number
  waiting: number
  workerMb: number
  workerHandles: number
  workerLagMs: number
  serverMb: number
  serverHandles: number
  serverLagMs: number
  /** But for the one that each waiting push has, and the one by which each push is remembered for a day. */
  redisKeys: number
  redisMb: number
  redisBytesPerPush: number
  databaseMb: number
  databaseBytesPerPush: number
}

export async function takeSample(setup: Setup, seconds: number, asked: number): Promise<Sample> {
  const { workers, server, redis, appid, simulator, databasePath } = setup
  const keys = Number(await redis.command('dbsize'))
  const waiting = await redis.countJobs(appid)
  const memory = Number(/used_memory:(\d+)/.exec(String(await redis.command('info', 'memory')))?.[1])
  const databaseBytes = ['', '-wal'].map((suffix) => sizeOf(databasePath + suffix)).reduce((a, b) => a + b)
  return {
    seconds,
    asked,
    accepted: simulator.stats().accepted,
    waiting,
    workerMb: readRss(workers),
    workerHandles: countHandles(workers),
    workerLagMs: readLag(workers),
    serverMb: readRss(server),
    serverHandles: countHandles(server),
    serverLagMs: readLag(server),
    redisKeys: keys - asked - waiting,
    redisMb: Math.round(memory / mebibyte),
    redisBytesPerPush: Math.round(memory / asked),
    databaseMb: Math.round(databaseBytes / mebibyte),
    databaseBytesPerPush: Math.round(databaseBytes / asked),
  }
}

function readRss(crew: Crew): number {
  const pages = sum(crew, (pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]))
  return Math.round((pages * pageSize) / mebibyte)
}

function countHandles(crew: Crew): number {
  return sum(crew, (pid) => readdirSync(`/proc/${pid}/fd`).length)
}

function sum({ members }: Crew, read: (pid: number) => number): number {
  return members.map((member) => read(member.pid() ?? 0)).reduce((a, b) => a + b, 0)
}

const lagLine = z.object({ lag: z.object({ max: z.number() }) })

/** The last that `lag.mjs` wrote. */
function readLag(crew: Crew): number {
  const line = crew
    .logs()
    .match(/\{"lag":.*\}\}/g)
    ?.at(-1)
  return line === undefined ? 0 : lagLine.parse(JSON.parse(line)).lag.max
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
