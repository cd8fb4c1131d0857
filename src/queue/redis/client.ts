import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { toBackoff } from '../../base/backoff.ts'
import { second } from '../../base/duration.ts'
import type { Role } from '../backend.ts'
import { allowNoInfo } from './allowNoInfo.ts'
import { closedSilently, isScriptRefusal, isWrongDatabase, isWrongServer } from './faults.ts'
import { toServerOptions } from './options.ts'

const retryStrategy = (times: number) => toBackoff({ first: 100, longest: second }, times)
/** Until a connection is there, and for each answer that it takes to be ready. */
const connectTimeout = 4 * second
/** Until a server that loads its data is asked again; less than `connectTimeout`, so that its connection is not given up. */
const maxLoadingRetryTime = second

/**
 * A producer's call that meets a broken connection fails at once instead of waiting in memory, and its owner repeats
 * it. A worker's commands wait for the server as long as it takes.
 */
const optionsOf: Record<Role, RedisOptions> = {
  producer: { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
  worker: { maxRetriesPerRequest: null },
}

export interface RedisAddresses {
  urls: string[]
  /** Certificates to trust with TLS, as PEM. */
  ca: string | undefined
}

interface Listeners {
  /** The server turned out to be one of a cluster. */
  onMoved(): void
  /** It is a proxy that looks into scripts, and does not let BullMQ's pass. */
  onScriptRefused(message: string): void
}

/**
 * One Redis server, or a cluster when several URLs are given (credentials and TLS as in the first).
 */
export function createClient(
  { urls, ca }: RedisAddresses,
  role: Role,
  listeners: Listeners,
): Redis | Cluster {
  if (urls.length > 1) return createClusterClient({ urls, ca }, role, listeners)
  const { url = '', ...address } = toServerOptions(urls[0] ?? '', ca)
  return createServerClient(url, { ...address, ...optionsOf[role] }, listeners)
}

function createServerClient(
  url: string,
  options: RedisOptions,
  listeners: Listeners,
  connected = new Set<Redis>(),
): Redis {
  const client: Redis = new Redis(url, {
    retryStrategy,
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: connectTimeout,
    connectTimeout,
    maxLoadingRetryTime,
    // Its answer would hide why the server ends the connection.
    disableClientInfo: true,
    ...options,
    reconnectOnError({ message }) {
      if (message.startsWith('MOVED ')) listeners.onMoved()
      if (isScriptRefusal(message)) listeners.onScriptRefused(message)
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
  limitHandshake(client)
  // BullMQ makes the connections on which its workers wait for jobs in this way.
  client.duplicate = (more) => createServerClient(url, { ...options, ...more }, listeners, connected)
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

/** ioredis waits without a limit for the answers that make a new connection ready; a cluster has one of its own. */
function limitHandshake(client: Redis): void {
  client.on('connect', () => {
    const { stream } = client
    stream.setTimeout(connectTimeout, () => {
      if (client.status === 'connect') stream.destroy(new Error('handshake ETIMEDOUT'))
    })
  })
  client.on('ready', () => client.stream.setTimeout(0))
}

function createClusterClient(
  { urls, ca }: RedisAddresses,
  role: Role,
  { onScriptRefused }: Listeners,
): Cluster {
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
      ...(first?.protocol === 'rediss:' && { tls: ca === undefined ? {} : { ca } }),
      reconnectOnError({ message }) {
        if (isScriptRefusal(message)) onScriptRefused(message)
        return false
      },
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
