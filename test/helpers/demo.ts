import { readdir } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { runCli } from './cli.ts'
import { makeDir, redisUrl } from './pushing.ts'

/** TMPDIR is the test's own; tsx keeps its cache there too. */
export async function listLeftovers(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.startsWith('unionpush'))
}

export async function findKeys(appid: string): Promise<string[]> {
  const redis = new Redis(redisUrl)
  try {
    return await redis.keys(`*${appid}*`)
  } finally {
    redis.disconnect()
  }
}

/** The demo, whose sums add up. */
export async function runDemo(queue: 'embedded' | 'redis'): Promise<void> {
  const cwd = await makeDir()
  const env = { TMPDIR: cwd, ...(queue === 'redis' && { REDIS_URL: redisUrl }) }
  const { code, stdout, stderr } = await runCli(['demo', '--json'], { cwd, env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({
    ok: true,
    queueBackend: queue,
    firstSync: { status: 'complete', seen: 24_900, fetched: 24_900, added: 24_900 },
    secondSync: { status: 'complete', added: 0, updated: 0, unsubscribed: 60 },
    again: { queued: 0, duplicates: 2_000 },
    total: { asked: 2_000, sent: 1_700, skipped: 200, rejected: 100 },
    wechat: { accepted: 1_700, acceptedTwice: 0, refused: 100, tokens: 2 },
    problems: [],
  })
  expect(result.wechat.busy).toBeGreaterThan(1)
  expect(result.firstSync.withoutUnionid).toBeGreaterThan(300)
  expect(result.secondSync.fetched).toBe(result.firstSync.withoutUnionid)
  expect(await listLeftovers(cwd)).toEqual([])
  expect(await findKeys(result.firstSync.account)).toEqual([])
}

/** The demo of a broadcast, whose sum adds up although its worker is killed in the middle. */
export async function runBroadcastDemo(queue: 'embedded' | 'redis'): Promise<void> {
  const cwd = await makeDir()
  const env = { TMPDIR: cwd, ...(queue === 'redis' && { REDIS_URL: redisUrl }) }
  const { code, stdout, stderr } = await runCli(['demo', '--broadcast', '--json'], { cwd, env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({
    ok: true,
    queueBackend: queue,
    broadcast: {
      status: 'finished',
      counts: { selected: 3_000, waiting: 0, sent: 0, delivered: 2_950, unknown: 0 },
      canary: { size: 60, delivered: 60, state: 'passed' },
    },
    wechat: { accepted: 2_950, acceptedTwice: 0 },
    problems: [],
  })
  expect(result.underWayWhenKilled).toBeGreaterThan(0)
  expect(await listLeftovers(cwd)).toEqual([])
  expect(await findKeys(result.broadcast.account)).toEqual([])
}
