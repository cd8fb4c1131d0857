import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { atExit } from './atExit.ts'
import { createWire, type Wire } from './wire.ts'

export interface PrivateRedis {
  /** What everybody but this file goes through. */
  readonly wire: Wire
  /** Resolves when it has read what it wrote down before. */
  start(...options: string[]): Promise<void>
  kill(): Promise<void>
  /** Takes away what a Redis that is killed wrote down. */
  forget(): void
  /** All that it was ever told, keys and values, but for what was taken away. */
  written(): string
  freeze(): void
  thaw(): void
  /** Past the wire. */
  command(name: string, ...args: string[]): Promise<unknown>
  /** Jobs of the account that are not finished. */
  countJobs(appid: string): Promise<number>
  close(): Promise<void>
}

/** A Redis of the run's own that has written down whatever it has answered. */
export async function startRedis(dir: string, port: number, evictionPolicy: string): Promise<PrivateRedis> {
  let server: ChildProcess | undefined
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  client.on('error', () => {})
  const wire = await createWire(port)

  const written = join(dir, 'appendonlydir')

  async function start(...more: string[]): Promise<void> {
    const options = ['--port', `${port}`, '--dir', dir, '--save', '', '--maxmemory-policy', evictionPolicy]
    const writing = ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0']
    server = spawn('redis-server', [...options, ...writing, ...more], { stdio: 'ignore' })
    await client.ping()
  }

  async function kill(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
  }

  const ended = atExit(() => server?.kill('SIGKILL'))
  await start()
  return {
    wire,
    start,
    kill,
    forget: () => rmSync(written, { recursive: true, force: true }),
    written: () =>
      readdirSync(written)
        .map((name) => readFileSync(join(written, name), 'latin1'))
        .join(''),
    freeze: () => server?.kill('SIGSTOP'),
    thaw: () => server?.kill('SIGCONT'),
    command: (name, ...args) => client.call(name, ...args),
    async countJobs(appid) {
      const key = (name: string) => `${queuePrefix}:${toQueueName(appid)}:${name}`
      const counts = await Promise.all([
        ...['wait', 'paused', 'active'].map((name) => client.llen(key(name))),
        ...['delayed', 'prioritized', 'failed', 'completed'].map((name) => client.zcard(key(name))),
      ])
      return counts.reduce((sum, count) => sum + count, 0)
    },
    async close() {
      client.disconnect()
      await wire.close()
      await kill()
      ended()
    },
  }
}
