import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { queuePrefix, toControlQueueName, toQueueName } from '../../src/queue/names.ts'

export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

export interface Comparison {
  unit: string
  ours: number
  ceiling: number
  ratio: number
}

/**
 * Both in turn, so that a slow moment of the machine hits both; the first round only warms up, of the others each
 * side counts with its median. Both give how many a second.
 */
export async function compare(
  unit: string,
  ours: () => Promise<number>,
  ceiling: () => Promise<number>,
  rounds = 5,
): Promise<Comparison> {
  const figures: { ours: number[]; ceiling: number[] } = { ours: [], ceiling: [] }
  for (let round = 0; round <= rounds; round++) {
    const bare = await ceiling()
    const own = await ours()
    if (round === 0) continue
    figures.ceiling.push(bare)
    figures.ours.push(own)
  }
  return toComparison(unit, median(figures.ours), median(figures.ceiling))
}

export function toComparison(unit: string, ours: number, ceiling: number): Comparison {
  return {
    unit,
    ours: Math.round(ours),
    ceiling: Math.round(ceiling),
    ratio: Math.round((ours / ceiling) * 100) / 100,
  }
}

/** Runs `use` with an account whose queue is empty, and empties it again. */
export async function withAccount<T>(use: (appid: string) => Promise<T>): Promise<T> {
  const appid = `wxbench${randomBytes(6).toString('hex')}`
  try {
    return await use(appid)
  } finally {
    await dropQueues(appid)
  }
}

export async function dropQueues(appid: string): Promise<void> {
  const redis = new Redis(redisUrl)
  for (const name of [toQueueName(appid), toControlQueueName(appid)]) {
    const keys = await redis.keys(`${queuePrefix}:${name}:*`)
    while (keys.length > 0) await redis.unlink(keys.splice(0, 5_000))
  }
  redis.disconnect()
}

/** Calls `task` for 0 to `total - 1` with that many under way at a time, and gives how many a second that was. */
export async function perSecond(
  total: number,
  inFlight: number,
  task: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < total) await task(next++)
    }),
  )
  return (total / (performance.now() - begun)) * 1_000
}

export function median(figures: number[]): number {
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0
}

/** Microseconds of CPU that this process has taken since, for each of `total`. */
export function startCpu(): (total: number) => number {
  const before = process.cpuUsage()
  return (total) => {
    const { user, system } = process.cpuUsage(before)
    return Math.round((user + system) / total)
  }
}
