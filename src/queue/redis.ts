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

/**
 * Answers of a server that is not, or not any more, the one to write to: behind an address that fails over, the next
 * connection reaches the one that is. Redis before 7 puts them behind the name of the script.
 */
const wrongServer = /(^|-)(READONLY|UNBLOCKED|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS) /

/** Connects to one Redis server, or to a cluster when several URLs are given (credentials and TLS as in the first). */
export function connectRedis(urls: string[], role: Role): QueueBackend {
  const client = urls.length > 1 ? connectCluster(urls, role) : connectServer(urls[0] ?? '', optionsOf[role])
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
    isRefusal,
    toHopeless: () => undefined,
    createQueue: (name) => new Queue(name, options),
    createWorker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, ...options }),
    findDanger: async () => toEvictionDanger(await client.info('memory')),
    reset() {
      if (client.status !== 'ready') return
      const nodes = client instanceof Cluster ? client.nodes() : [client]
      client.disconnect(true)
      // What has not left this process yet is not written after its caller was told that it failed.
      if (role === 'producer') for (const { stream } of nodes) stream?.destroy()
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

function connectServer(url: string, options: RedisOptions, connected = new Set<Redis>()): Redis {
  const client: Redis = new Redis(url, {
    retryStrategy,
    connectTimeout: 4 * second,
    ...options,
    reconnectOnError({ message }) {
      if (wrongServer.test(message)) for (const each of connected) leaveOnce(each)
      // The command itself fails: who gave it knows whether it may be repeated.
      return false
    },
  })
  client.on('connect', () => connected.add(client))
  client.on('close', () => connected.delete(client))
  // BullMQ makes the connections on which its workers wait for jobs in this way.
  client.duplicate = (more) => connectServer(url, { ...options, ...more }, connected)
  return client
}

/** The commands under way are answered before the connection ends, all of them in the same sense. */
function leaveOnce(client: Redis): void {
  if (client.stream.writable) client.disconnect(true)
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

/** An error that Redis answered a command with, or ioredis before it wrote the command. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'ReplyError' || error.message.endsWith('enableOfflineQueue options is false'))
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
