import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { onTestFinished, vi } from 'vitest'
import { findFreePort } from './freePort.ts'
import { makeDir } from './pushing.ts'
import { redisCommand } from './redisCommand.ts'
import { createRedisServer, whenReplicated } from './redisServer.ts'
import { selfSigned } from './selfSigned.ts'

const patience = { timeout: 25_000, interval: 50 }

interface SentinelsOptions {
  /** Sentinels, servers and replication speak TLS, by the certificate of `selfSigned`. */
  hasTls?: boolean
}

/** One primary, two replicas, three Sentinels who call it `main`. */
export async function startRedisSentinels({ hasTls = false }: SentinelsOptions = {}) {
  const tls = hasTls ? await toTls() : undefined
  const servers = await Promise.all([1, 2, 3].map(() => startServer(tls)))
  const [primary, ...replicas] = servers
  if (!primary) throw new Error('no primary')
  for (const replica of replicas) await replica.server.command('replicaof', '127.0.0.1', primary.port)
  await whenReplicated(primary.server, replicas.length)
  const ports = await Promise.all([1, 2, 3].map(() => startSentinel(primary.port, tls)))
  await Promise.all(ports.map((sentinel) => whenAllKnown(sentinel, hasTls)))
  const hosts = ports.map((each) => `127.0.0.1:${each}`).join(',')
  return {
    url: `${hasTls ? 'rediss' : 'redis'}+sentinel://${hosts}/main`,
    killPrimary: primary.server.kill,
    whenReplicated: () => whenReplicated(primary.server, replicas.length),
  }
}

/** What a server and a Sentinel are told alike, a word and its value each. */
type Tls = Record<string, string>

async function toTls(): Promise<Tls> {
  const dir = await makeDir()
  const [key, cert] = [join(dir, 'key'), join(dir, 'cert')]
  await Promise.all([writeFile(key, selfSigned.key), writeFile(cert, selfSigned.cert)])
  return {
    'tls-key-file': key,
    'tls-cert-file': cert,
    'tls-ca-cert-file': cert,
    'tls-auth-clients': 'no',
    'tls-replication': 'yes',
  }
}

/** With TLS its own port for that is what others are told of. */
async function startServer(tls: Tls | undefined) {
  const tlsPort = String(await findFreePort())
  const words = tls ? Object.entries({ ...tls, 'tls-port': tlsPort }) : []
  const server = await createRedisServer(...words.flatMap(([word, value]) => [`--${word}`, value]))
  await server.start()
  return { server, port: tls ? tlsPort : new URL(server.url).port }
}

async function startSentinel(primaryPort: string, tls: Tls | undefined): Promise<number> {
  const port = await findFreePort()
  const path = join(await makeDir(), 'sentinel.conf')
  const lines = [
    ...(tls ? ['port 0', `tls-port ${port}`] : [`port ${port}`]),
    ...Object.entries(tls ?? {}).map(([word, value]) => `${word} ${value}`),
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${primaryPort} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 10000',
  ]
  await writeFile(path, `${lines.join('\n')}\n`)
  const sentinel = spawn(redisCommand, [path, '--sentinel'], { stdio: 'ignore' })
  onTestFinished(() => end(sentinel))
  return port
}

/** Before they know each other and the replicas they elect nobody. */
async function whenAllKnown(port: number, hasTls: boolean): Promise<void> {
  const tls = hasTls ? { tls: { ca: selfSigned.cert } } : {}
  const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 50, ...tls })
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
