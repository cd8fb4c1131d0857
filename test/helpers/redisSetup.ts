import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { TestProject } from 'vitest/node'
import { atExit } from './atExit.ts'
import { findFreePort } from './freePort.ts'
import { redisCommand } from './redisCommand.ts'

declare module 'vitest' {
  interface ProvidedContext {
    redis: {
      /** Of the Redis that tests share; null if there is none. */
      url: string | null
      /** Whether tests can start servers of their own. */
      canStart: boolean
    }
  }
}

/** The Redis of this machine if one answers, else a private one that is gone after the tests, else none. */
export default async function setUp({ provide }: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const usual = `redis://127.0.0.1:${process.env.TEST_REDIS_PORT ?? 6379}`
  const canStart = spawnSync(redisCommand, ['--version']).error === undefined
  if (await answers(usual)) {
    provide('redis', { url: usual, canStart })
    return async () => {}
  }
  if (canStart) {
    const { url, stop } = await startServer()
    provide('redis', { url, canStart })
    return stop
  }
  if (process.env.CI) throw new Error(`No Redis answers at ${usual}, and there is no redis-server to start`)
  provide('redis', { url: null, canStart })
  return async () => {}
}

async function startServer() {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-redis-'))
  const port = await findFreePort()
  const url = `redis://127.0.0.1:${port}`
  const place = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', dir]
  const server = spawn(redisCommand, [...place, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  const ended = atExit(() => server.kill('SIGKILL'))
  const stop = async () => {
    await end(server)
    ended()
    await rm(dir, { recursive: true, force: true })
  }
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with exit code ${server.exitCode}`)
    await sleep(20)
  }
  return { url, stop }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill('SIGKILL')
  await exited
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
