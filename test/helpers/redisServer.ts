import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { findFreePort } from './freePort.ts'
import { makeDir } from './pushing.ts'
import { needRedisServer } from './redisNeeded.ts'

/** A Redis of the test's own, with all it was told on disk, that can be stopped, frozen and started again. */
export async function createRedisServer(...more: string[]) {
  needRedisServer()
  const port = await findFreePort()
  const dir = await makeDir()
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
        ...more,
      ]
      server = spawn('redis-server', options, { stdio: 'ignore' })
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
