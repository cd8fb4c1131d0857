import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { toBackoff } from '../../base/backoff.ts'
import { second } from '../../base/duration.ts'
import type { Role } from '../backend.ts'
import { allowNoInfo } from './allowNoInfo.ts'
import { closedSilently, isWrongDatabase, isWrongServer } from './faults.ts'

const retryStrategy = (times: number) => toBackoff({ first: 100, longest: second }, times)
const connectTimeout = 4 * second

/**
 * A producer's call that meets a broken connection fails at once instead of waiting in memory, and its owner repeats
 * it. A worker's commands wait for the server as long as it takes.
 */
const optionsOf: Record<Role, RedisOptions> = {
  producer: { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
  worker: { maxRetriesPerRequest: null },
}

/**
 * One Redis server, or a cluster when several URLs are given (credentials and TLS as in the first). `onMoved` is called
 * when the server turns out to be one of a cluster.
 */
export function createClient(urls: string[], role: Role, onMoved: () => void): Redis | Cluster {
  return urls.length > 1
    ? createClusterClient(urls, role)
    : createServerClient(urls[0] ?? '', optionsOf[role], onMoved)
}

function createServerClient(
  url: string,
  options: RedisOptions,
  onMoved: () => void,
  connected = new Set<Redis>(),
): Redis {
  const client: Redis = new Redis(url, {
    retryStrategy,
    connectTimeout,
    // Its answer would hide why the server ends the connection.
    disableClientInfo: true,
    ...options,
    reconnectOnError({ message }) {
      if (message.startsWith('MOVED ')) onMoved()
      if (isWrongServer(message)) for (const each of connected) leaveOnce(each)
      // The command itself fails: who gave it knows whether it may be repeated.
      return false
    },
  })
  allowNoInfo(client)
  client.on('connect', () => connected.add(client))
  client.on('close', () => connected.delete(client))
  // It would go on in another database.
  client.on('error', (error) => isWrongDatabase(error) && leaveOnce(client))
  tellSilentEnds(client)
  // BullMQ makes the connections on which its workers wait for jobs in this way.
  client.duplicate = (more) => createServerClient(url, { ...options, ...more }, onMoved, connected)
  return client
}

/** The commands under way are answered before the connection ends, all of them in the same sense. */
function leaveOnce(client: Redis): void {
  if (client.stream.writable) client.disconnect(true)
}

/** A connection that was accepted and closed is no error to ioredis, and one that was reset says little. */
function tellSilentEnds(client: Redis): void {
  let isSilent = false
  client.on('connect', () => {
    isSilent = true
  })
  client.on('ready', () => {
    isSilent = false
  })
  client.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET') isSilent = false
  })
  client.on('close', () => {
    if (isSilent) client.emit('error', new Error(closedSilently))
  })
}

function createClusterClient(urls: string[], role: Role): Cluster {
  const nodes = urls.map((url) => new URL(url))
  const [first] = nodes
  const family = first?.searchParams.get('family')
  const { enableOfflineQueue = true, ...redisOptions } = optionsOf[role]
  const options: ClusterOptions = {
    enableOfflineQueue,
    clusterRetryStrategy(times, reason) {
      // A host that cannot be resolved is told to nobody else.
      if (reason) client.emit('error', reason)
      return retryStrategy(times)
    },
    redisOptions: {
      ...redisOptions,
      connectTimeout,
      disableClientInfo: true,
      ...(family && { family: Number(family) }),
      ...(first?.username && { username: decodeURIComponent(first.username) }),
      ...(first?.password && { password: decodeURIComponent(first.password) }),
      ...(first?.protocol === 'rediss:' && { tls: {} }),
    },
    // With TLS the certificate names the host, so it must not be resolved to an address first.
    ...(first?.protocol === 'rediss:' && { dnsLookup: (address, done) => done(null, address) }),
  }
  const client = new Cluster(nodes.map(toNode), options)
  allowNoInfo(client)
  client.on('+node', allowNoInfo)
  return client
}

/** An IPv6 address stands in brackets in a URL, and nowhere else. */
function toNode({ hostname, port }: URL) {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) }
}
