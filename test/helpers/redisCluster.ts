import { vi } from 'vitest'
import { createRedisServer, type RedisServer } from './redisServer.ts'

const patience = { timeout: 25_000, interval: 20 }
const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
/** The first slot of each primary, and the number of slots. */
const ends = [0, 5_461, 10_923, 16_384]

/** Three primaries that share the keys, each with a replica if wanted. */
export async function startRedisCluster({ hasReplicas = false } = {}) {
  const primaries = await Promise.all([1, 2, 3].map(() => createRedisServer(...options)))
  const replicas = await Promise.all((hasReplicas ? [1, 2, 3] : []).map(() => createRedisServer(...options)))
  const nodes = [...primaries, ...replicas]
  await Promise.all(nodes.map((node) => node.start()))
  for (const [n, node] of primaries.entries()) {
    await node.command('cluster', 'addslotsrange', String(ends[n]), String((ends[n + 1] ?? 0) - 1))
  }
  await introduce(nodes)
  for (const [n, replica] of replicas.entries()) {
    await replica.command('cluster', 'replicate', String(await primaries[n]?.command('cluster', 'myid')))
  }
  const isOnline = async (primary: RedisServer) =>
    String(await primary.command('info', 'replication')).includes('state=online')
  const areOnline = async () => !hasReplicas || (await Promise.all(primaries.map(isOnline))).every(Boolean)
  await vi.waitUntil(areOnline, patience)
  await vi.waitUntil(async () => (await Promise.all(nodes.map(isWhole))).every(Boolean), patience)
  return {
    urls: nodes.map(({ url }) => url),
    /** Where a key is as long as nothing happens, and what follows it. */
    async nodesOf(key: string) {
      const slot = Number(await nodes[0]?.command('cluster', 'keyslot', key))
      const n = ends.findLastIndex((first) => first <= slot)
      const [primary, replica] = [primaries[n], replicas[n]]
      if (!primary || !replica) throw new Error(`no pair has ${key}`)
      return { primary, replica }
    },
  }
}

async function introduce(nodes: readonly RedisServer[]): Promise<void> {
  const [first, ...others] = nodes
  const known = /:(\d+)@(\d+)/.exec(String(await first?.command('cluster', 'nodes')))
  const [, port = '', bus = ''] = known ?? []
  for (const node of nodes) await node.command('config', 'set', 'cluster-node-timeout', '2000')
  for (const node of others) await node.command('cluster', 'meet', '127.0.0.1', port, bus)
  const knowAll = async (node: RedisServer) =>
    String(await node.command('cluster', 'info')).includes(`cluster_known_nodes:${nodes.length}\r`)
  await vi.waitUntil(async () => (await Promise.all(nodes.map(knowAll))).every(Boolean), patience)
}

async function isWhole(node: RedisServer): Promise<boolean> {
  return String(await node.command('cluster', 'info')).includes('cluster_state:ok')
}
