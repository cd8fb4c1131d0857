import { execFile } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { expect, onTestFinished, type ProvidedContext, test, vi } from 'vitest'
import { findFreePort } from '../helpers/freePort.ts'
import { makeDir } from '../helpers/pushing.ts'
import { needRedisServer } from '../helpers/redisNeeded.ts'
import setUp from '../helpers/redisSetup.ts'

/** What the tests are given on a machine like this. */
async function prepare(env: Record<string, string>) {
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const given: Partial<ProvidedContext> = {}
  const stop = await setUp({ provide: (name, value) => void Object.assign(given, { [name]: value }) })
  return { redis: given.redis, stop }
}

async function ping(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await redis.ping()
  } catch {
    return 'no answer'
  } finally {
    redis.disconnect()
  }
}

/** A PATH on which there is node and no redis-server. */
async function pathWithoutRedis(): Promise<string> {
  const dir = await makeDir()
  await symlink(process.execPath, join(dir, 'node'))
  return dir
}

test('where no Redis answers, the tests get one of their own, which is gone after them', async () => {
  needRedisServer()
  const port = String(await findFreePort())
  const { redis, stop } = await prepare({ TEST_REDIS_PORT: port })
  expect(redis?.url).not.toContain(port)
  expect(await ping(redis?.url ?? '')).toBe('PONG')
  const second = await prepare({ TEST_REDIS_PORT: new URL(redis?.url ?? '').port })
  expect(second.redis?.url, 'one that answers is taken').toBe(redis?.url)
  await second.stop()
  expect(await ping(redis?.url ?? '')).toBe('PONG')
  await stop()
  expect(await ping(redis?.url ?? '')).toBe('no answer')
})

test('in CI it is a failure that there is none and none can be started', async () => {
  const env = { PATH: await pathWithoutRedis(), TEST_REDIS_PORT: '1', CI: 'true' }
  await expect(prepare(env)).rejects.toThrow('there is no redis-server to start')
})

test('elsewhere what needs one is skipped then, by name and with a count', async () => {
  const { HOME = '' } = process.env
  const env = { HOME, NO_COLOR: '1', PATH: await pathWithoutRedis(), TEST_REDIS_PORT: '1' }
  const file = 'test/sending/strays.integration.test.ts'
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', file]
  const { stdout } = await promisify(execFile)(process.execPath, vitest, {
    cwd: new URL('../..', import.meta.url).pathname,
    env,
  })
  const names =
    stdout.match(/^SKIPPED test\/sending\/strays\.integration\.test\.ts > .+: no Redis answers/gm) ?? []
  expect(names.length).toBeGreaterThan(3)
  expect(stdout).toContain(`\n${names.length} tests were skipped\n`)
}, 120_000)
