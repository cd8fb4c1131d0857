import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { onTestFinished, vi } from 'vitest'
import { findFreePort } from './freePort.ts'
import { makeDir } from './pushing.ts'
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

/** Three servers that share the keys. */
export async function startRedisCluster() {
  const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
  const nodes = await Promise.all([1, 2, 3].map(() => createRedisServer(...options)))
  await Promise.all(nodes.map((node) => node.start()))
  const [first] = nodes
  const ends = [0, 5_461, 10_923, 16_384]
  for (const [n, node] of nodes.entries()) {
    await node.command('cluster', 'addslotsrange', String(ends[n]), String((ends[n + 1] ?? 0) - 1))
    await node.command('config', 'set', 'cluster-node-timeout', '2000')
    const [port = '', bus = ''] =
      String(await first?.command('cluster', 'nodes'))
        .match(/:\d+@\d+/)?.[0]
        .slice(1)
        .split('@') ?? []
    if (n > 0) await node.command('cluster', 'meet', '127.0.0.1', port, bus)
  }
  const isWhole = async (node: (typeof nodes)[number]) =>
    /cluster_state:ok.*cluster_known_nodes:3/s.test(String(await node.command('cluster', 'info')))
  await vi.waitUntil(async () => (await Promise.all(nodes.map(isWhole))).every(Boolean), {
    timeout: 20_000,
    interval: 20,
  })
  return nodes
}
