import { Queue, Worker } from 'bullmq'
import { Cluster, type Redis } from 'ioredis'
import { second } from '../../base/duration.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { isSpecialRedisUrl } from '../../base/urls/redisAddress.ts'
import type { Danger, QueueBackend, Role } from '../backend.ts'
import { refuseStranger } from '../claim.ts'
import { queuePrefix } from '../names.ts'
import { toTelemetry } from '../telemetry.ts'
import { createUnusable } from '../unusable.ts'
import { isForbidden } from './allowNoInfo.ts'
import { createClient } from './client.ts'
import { drainWhenFull, freeWrite } from './drainWhenFull.ts'
import { explainRedisError, isConsequence, isWrongDatabase } from './faults.ts'
import { toAddress, toPlace } from './options.ts'

/** In the hash where BullMQ keeps the settings of the queue, so that it goes with the queue. */
const claimScript = `${freeWrite}redis.call('hsetnx', KEYS[1], 'database', ARGV[1])
return redis.call('hget', KEYS[1], 'database')`

/** Connects to one Redis server, or to a cluster when several URLs are given; `ca` are certificates to trust, as PEM. */
export function connectRedis(urls: string[], role: Role, ca?: string): QueueBackend {
  const place = toPlace(urls)
  let lastError: Error | undefined
  let ready: Promise<void> | undefined
  const unusable = createUnusable()
  const client = createClient({ urls, ca }, role, {
    onMoved: () => unusable.set(toClusterSentence(place, urls)),
    onScriptRefused: (message) => unusable.set(say('away.proxy', { place, message })),
  })
  if (role === 'worker') drainWhenFull(client)
  client.on('error', (error: Error) => {
    if (!isConsequence(error)) lastError = error
    if (isWrongDatabase(error)) unusable.set(say('away.noDatabase', { place, message: error.message }))
  })
  client.on('ready', () => {
    lastError = undefined
  })
  const options = { connection: client, prefix: queuePrefix }
  return {
    place,
    isReady: () => client.status === 'ready' && unusable.get() === undefined,
    async ready() {
      if (client.status !== 'ready') {
        ready ??= untilReady(client).finally(() => {
          ready = undefined
        })
      }
      await Promise.race([unusable.promise, ready])
    },
    untilUnusable: unusable.promise,
    isUnusable: () => unusable.get() !== undefined,
    onReady: (listener) => client.on('ready', listener),
    lastError: () => lastError,
    isRefusal,
    permanentReason: unusable.get,
    explain: (error) => explainRedisError(isConsequence(error) && lastError ? lastError : error),
    async getTime() {
      const [seconds, microseconds] = await client.time()
      return Number(seconds) * second + Number(microseconds) / 1_000
    },
    async claim(name, databaseId) {
      const key = `${queuePrefix}:${name}:meta`
      const owner = await client.eval(claimScript, 1, key, databaseId)
      if (owner !== databaseId) refuseStranger(place, `redis-cli HDEL "${key}" database`)
    },
    createQueue: (name) => new Queue(name, { ...options, ...toTelemetry(name) }),
    createWorker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, ...options, ...toTelemetry(name) }),
    findDangers: createDangerSearch(client),
    // Redis does so by itself.
    async tidy() {},
    reset() {
      if (client.status !== 'ready') return
      const nodes = client instanceof Cluster ? client.nodes() : [client]
      client.disconnect(true)
      // What has not left this process yet is not written after its caller was told that it failed.
      if (role === 'producer') for (const { stream } of nodes) stream?.destroy()
    },
    async close() {
      const forceStop = setTimeout(() => client.disconnect(), second)
      // QUIT is answered after the commands before it.
      if (client.status === 'ready') await client.quit().catch(() => {})
      clearTimeout(forceStop)
      client.disconnect()
    },
  }
}

/** An error that Redis answered a command with, or ioredis before it wrote the command. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'ReplyError' || error.message.endsWith('enableOfflineQueue options is false'))
  )
}

/** INFO, because many hosts forbid CONFIG. */
function createDangerSearch(client: Redis | Cluster): () => Promise<Danger[]> {
  let hasAskedAllOver = client instanceof Cluster
  return async () => {
    try {
      const info = String(await client.call('info'))
      if (!hasAskedAllOver && /^cluster_enabled:1/m.test(info)) await askAllOver(client)
      hasAskedAllOver = true
      return toDangers(info)
    } catch (error) {
      if (!isForbidden(error)) throw error
      return [{ kind: 'unknown', sentence: say('danger.noInfo') }]
    }
  }
}

function toDangers(info: string): Danger[] {
  const toNumber = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  const [used, most] = [toNumber('used_memory'), toNumber('maxmemory')]
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  const dangers: Danger[] = []
  if (policy !== 'noeviction') {
    dangers.push({ kind: 'eviction', sentence: say('danger.evicts', { policy }) })
  } else if (most > 0 && used >= most) {
    const megabytes = String(Math.round(most / 2 ** 20))
    dangers.push({ kind: 'full', sentence: say('danger.full', { megabytes }) })
  }
  return dangers
}

/** Many a proxy answers for all of its cluster; a node of one says MOVED to most of this. */
async function askAllOver(client: Redis | Cluster): Promise<void> {
  const keys = Array.from({ length: 16 }, (_, n) => `${queuePrefix}:{${n}}`)
  await Promise.all(keys.map((key) => client.exists(key).catch(() => {})))
}

function toClusterSentence(place: Sentence, [url = '']: string[]): Sentence {
  if (isSpecialRedisUrl(url)) return say('away.cluster', { place })
  const bare = `${new URL(url).protocol}//${toAddress(url)}`
  return say('away.clusterTwice', { place, bare })
}

/** `once` of node:events would reject at the first failed attempt to connect. */
function untilReady(client: Redis | Cluster): Promise<void> {
  return new Promise((resolve) => client.once('ready', () => resolve()))
}
