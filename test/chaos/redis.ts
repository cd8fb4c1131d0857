import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { atExit } from '../helpers/atExit.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { until } from '../helpers/until.ts'
import type { RunQueue } from './database.ts'
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
  /** Hands over to another server behind the same wire, in good order; it keeps its connections, as a replica. */
  failOver(): Promise<void>
  /** Past the wire. */
  command(name: string, ...args: string[]): Promise<unknown>
  /** The limit of jobs that the queue of the account has; undefined when none. */
  findRate(appid: string): Promise<number | undefined>
  /** Jobs of the account that are not finished. */
  countJobs(appid: string): Promise<number>
  close(): Promise<void>
}

/** A Redis of the run's own that has written down whatever it has answered. */
export async function startRedis(dir: string, port: number, evictionPolicy: string): Promise<PrivateRedis> {
  let current = createServer(dir, port, evictionPolicy)
  const servers = [current]
  const wire = await createWire(port)
  await current.start()
  return {
    wire,
    start: (...options) => current.start(...options),
    kill: () => current.kill(),
    forget: () => current.forget(),
    written: () => servers.map((server) => server.written()).join(''),
    freeze: () => current.signal('SIGSTOP'),
    thaw: () => current.signal('SIGCONT'),
    async failOver() {
      const replica = createServer(join(dir, `redis${servers.length}`), await findFreePort(), evictionPolicy)
      servers.push(replica)
      await replica.start()
      const tell = ({ client }: Server) => client.call('role').then(String)
      await replica.client.call('replicaof', '127.0.0.1', `${current.port}`)
      await until(async () => (await tell(replica)).includes('connected'), 10_000)
      // Killed before it has written down what it was given, it would start empty.
      await until(async () => !(await replica.client.info('persistence')).match(writingDown), 10_000)
      await current.client.call('failover')
      await until(async () => (await tell(replica)).includes('master'), 10_000)
      wire.lead(replica.port)
      current = replica
    },
    command: (name, ...args) => current.client.call(name, ...args),
    async findRate(appid) {
      const max = await current.client.hget(`${queuePrefix}:${toQueueName(appid)}:meta`, 'max')
      return max === null ? undefined : Number(max)
    },
    async countJobs(appid) {
      const { client } = current
      const key = (name: string) => `${queuePrefix}:${toQueueName(appid)}:${name}`
      const counts = await Promise.all([
        ...['wait', 'paused', 'active'].map((name) => client.llen(key(name))),
        ...['delayed', 'prioritized', 'failed', 'completed'].map((name) => client.zcard(key(name))),
      ])
      return counts.reduce((sum, count) => sum + count, 0)
    },
    async close() {
      await wire.close()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}

/** What the audit wants of a queue in it. */
export function toRedisQueue(redis: PrivateRedis): RunQueue {
  return {
    countJobs: redis.countJobs,
    written: async () => redis.written(),
    watch: async () => {},
    countMostStalls: async () => countMostStalls(redis.written()),
    async hold() {
      redis.wire.hold('toServer')
      return async () => redis.wire.release()
    },
  }
}

/** How often the job that was taken from its worker most often was taken from one, as Redis wrote it down. */
export function countMostStalls(written: string): number {
  const stalls = new Map<string, number>()
  for (const [, key = ''] of written.matchAll(/\r\nhincrby\r\n\$\d+\r\n(.+)\r\n\$3\r\nstc\r\n/gi)) {
    stalls.set(key, (stalls.get(key) ?? 0) + 1)
  }
  return Math.max(0, ...stalls.values())
}

/** A server whose file does not hold yet all that it has. */
const writingDown = /aof_rewrite_(in_progress|scheduled):1/

type Server = ReturnType<typeof createServer>

function createServer(dir: string, port: number, evictionPolicy: string) {
  let server: ChildProcess | undefined
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  })
  client.on('error', () => {})
  const ended = atExit(() => server?.kill('SIGKILL'))
  const written = join(dir, 'appendonlydir')

  async function kill(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
  }

  return {
    port,
    client,
    async start(...more: string[]) {
      mkdirSync(dir, { recursive: true })
      const options = ['--port', `${port}`, '--dir', dir, '--save', '', '--maxmemory-policy', evictionPolicy]
      const writing = ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0']
      server = spawn('redis-server', [...options, ...writing, ...more], { stdio: 'ignore' })
      await client.ping()
    },
    kill,
    signal: (signal: NodeJS.Signals) => server?.kill(signal),
    forget: () => rmSync(written, { recursive: true, force: true }),
    written: () =>
      existsSync(written)
        ? readdirSync(written)
            .map((name) => readFileSync(join(written, name), 'latin1'))
            .join('')
        : '',
    async close() {
      client.disconnect()
      await kill()
      ended()
    },
  }
}
