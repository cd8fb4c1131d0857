import { Queue, Worker } from 'bullmq'
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { second } from '../duration.ts'
import type { QueueBackend, Role } from './backend.ts'
import { batchWrites } from './batchWrites.ts'
import { queuePrefix } from './names.ts'

const retryStrategy = (times: number) => Math.min(50 * 2 ** times, second)

/**
 * A producer's call that meets a broken connection fails at once instead of waiting in memory, and its owner repeats
 * it. A worker's commands wait for the server as long as it takes.
 */
const optionsOf: Record<Role, RedisOptions> = {
  producer: { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
  worker: { maxRetriesPerRequest: null },
}

/** Connects to one Redis server, or to a cluster when several URLs are given (credentials and TLS as in the first). */
export function connectRedis(urls: string[], role: Role): QueueBackend {
  const client = urls.length > 1 ? connectCluster(urls, role) : connectServer(urls[0] ?? '', role)
  // A producer waits for each answer before its next command, and waits longer for those of many at once.
  if (role === 'worker') batchWrites(client)
  let lastError: Error | undefined
  let ready: Promise<void> | undefined
  client.on('error', (error: Error) => {
    lastError = error
  })
  client.on('ready', () => {
    lastError = undefined
  })
  const options = { connection: client, prefix: queuePrefix }
  return {
    place: `Redis at ${urls.map(toAddress).join(', ')}`,
    isReady: () => client.status === 'ready',
    async ready() {
      if (client.status === 'ready') return
      ready ??= untilReady(client).finally(() => {
        ready = undefined
      })
      await ready
    },
    onReady: (listener) => client.on('ready', listener),
    lastError: () => lastError,
    toHopeless: () => undefined,
    createQueue: (name) => new Queue(name, options),
    createWorker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, ...options }),
    findDanger: async () => toEvictionDanger(await client.info('memory')),
    reset() {
      if (client.status === 'ready') client.disconnect(true)
    },
    async close() {
      const impatience = setTimeout(() => client.disconnect(), second)
      // QUIT is answered after the commands before it.
      if (client.status === 'ready') await client.quit().catch(() => {})
      clearTimeout(impatience)
      client.disconnect()
    },
  }
}

function connectServer(url: string, role: Role): Redis {
  return new Redis(url, { ...optionsOf[role], retryStrategy, connectTimeout: 4 * second })
}

function connectCluster(urls: string[], role: Role): Cluster {
  const nodes = urls.map((url) => new URL(url))
  const [first] = nodes
  const { enableOfflineQueue = true, ...redisOptions } = optionsOf[role]
  const options: ClusterOptions = {
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    redisOptions: {
      ...redisOptions,
      connectTimeout: 4 * second,
      ...(first?.username && { username: decodeURIComponent(first.username) }),
      ...(first?.password && { password: decodeURIComponent(first.password) }),
      ...(first?.protocol === 'rediss:' && { tls: {} }),
    },
    // With TLS the certificate names the host, so it must not be resolved to an address first.
    ...(first?.protocol === 'rediss:' && { dnsLookup: (address, done) => done(null, address) }),
  }
  return new Cluster(
    nodes.map(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) })),
    options,
  )
}

/** INFO, because many hosts forbid CONFIG. */
function toEvictionDanger(info: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  return policy === 'noeviction'
    ? undefined
    : `maxmemory-policy is ${policy}: a Redis that is full deletes pushes that wait; set it to noeviction`
}

/** `once` of node:events would reject at the first failed attempt to connect. */
function untilReady(client: Redis | Cluster): Promise<void> {
  return new Promise((resolve) => client.once('ready', () => resolve()))
}

/** Host and port only: the URL may hold a password. */
function toAddress(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || 6379}`
}
