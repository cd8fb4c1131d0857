import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { onTestFinished, vi } from 'vitest'
import { findFreePort } from './freePort.ts'
import { makeDir } from './pushing.ts'
import { createRedisServer } from './redisServer.ts'

const patience = { timeout: 25_000, interval: 50 }

/** One primary, two replicas, three Sentinels who call it `main`. */
export async function startRedisSentinels(...options: string[]) {
  const servers = await Promise.all([1, 2, 3].map(() => createRedisServer(...options)))
  await Promise.all(servers.map((server) => server.start()))
  const [primary, ...replicas] = servers
  if (!primary) throw new Error('no primary')
  const port = new URL(primary.url).port
  for (const replica of replicas) await replica.command('replicaof', '127.0.0.1', port)
  const countOnline = async () =>
    String(await primary.command('info', 'replication')).match(/state=online/g)?.length ?? 0
  await vi.waitUntil(async () => (await countOnline()) === 2, patience)
  const ports = await Promise.all([1, 2, 3].map(() => startSentinel(port)))
  await Promise.all(ports.map((sentinel) => whenAllKnown(sentinel)))
  return {
    url: `redis+sentinel://${ports.map((each) => `127.0.0.1:${each}`).join(',')}/main`,
    killPrimary: primary.kill,
    primary,
    /** Until the replicas have all that the primary has. */
    async whenReplicated() {
      await vi.waitUntil(async () => {
        const info = String(await primary.command('info', 'replication'))
        const offset = /master_repl_offset:(\d+)/.exec(info)?.[1]
        return info.match(/offset=(\d+)/g)?.filter((each) => each === `offset=${offset}`).length === 2
      }, patience)
    },
  }
}

async function startSentinel(primaryPort: string): Promise<number> {
  const port = await findFreePort()
  const path = join(await makeDir(), 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${primaryPort} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 10000',
  ]
  await writeFile(path, `${lines.join('\n')}\n`)
  const sentinel = spawn('redis-server', [path, '--sentinel'], { stdio: 'ignore' })
  onTestFinished(() => end(sentinel))
  return port
}

/** Before they know each other and the replicas they elect nobody. */
async function whenAllKnown(port: number): Promise<void> {
  const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {})
  await vi.waitUntil(async () => {
    const [others, replicas] = await Promise.all([
      client.call('sentinel', 'sentinels', 'main'),
      client.call('sentinel', 'replicas', 'main'),
    ])
    return [others, replicas].every((list) => Array.isArray(list) && list.length === 2)
  }, patience)
  client.disconnect()
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
