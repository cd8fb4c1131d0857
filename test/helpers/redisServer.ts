import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { onTestFinished, vi } from 'vitest'
import { findFreePort } from './freePort.ts'
import { makeDir } from './pushing.ts'
import { redisCommand } from './redisCommand.ts'
import { needRedisServer } from './redisNeeded.ts'

/** A Redis of the test's own, with all it was told on disk, that can be stopped, frozen and started again. */
export async function createRedisServer(...more: string[]) {
  needRedisServer()
  const port = await findFreePort()
  const dir = await makeDir()
  // Left alone, the port of the cluster's bus is 10000 above, which may be more than there are.
  const busPort = more.includes('--cluster-enabled') ? ['--cluster-port', String(await findFreePort())] : []
  let server: ChildProcess | undefined
  const url = `redis://127.0.0.1:${port}`
  const kill = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  onTestFinished(kill)
  return {
    url,
    async start() {
      const options = [
        '--port',
        String(port),
        '--dir',
        dir,
        '--save',
        '',
        '--appendonly',
        'yes',
        '--appendfsync',
        'always',
        ...busPort,
        ...more,
      ]
      server = spawn(redisCommand, options, { stdio: 'ignore' })
      const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
      client.on('error', () => {})
      await client.ping()
      client.disconnect()
    },
    kill,
    freeze: () => server?.kill('SIGSTOP'),
    thaw: () => server?.kill('SIGCONT'),
    async command(...[name = '', ...args]: string[]) {
      const client = new Redis(url)
      try {
        return await client.call(name, ...args)
      } finally {
        client.disconnect()
      }
    },
  }
}

export type RedisServer = Awaited<ReturnType<typeof createRedisServer>>

/** Until that many replicas have all that their primary has. */
export async function whenReplicated(primary: Pick<RedisServer, 'command'>, replicas: number): Promise<void> {
  await vi.waitUntil(
    async () => {
      const info = String(await primary.command('info', 'replication'))
      const offset = /master_repl_offset:(\d+)/.exec(info)?.[1]
      const offsets = info.match(/state=online,offset=(\d+)/g) ?? []
      return offsets.filter((each) => each.endsWith(`=${offset}`)).length === replicas
    },
    { timeout: 25_000, interval: 20 },
  )
}
