import type { RedisOptions } from 'ioredis'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { parseRedisAddress } from '../../base/urls/redisAddress.ts'

/** Where one Redis is, for ioredis; `ca` are the certificates to trust, as PEM. */
export function toServerOptions(url: string, ca: string | undefined): RedisOptions & { url?: string } {
  const tls = ca === undefined ? {} : { ca }
  const address = parseRedisAddress(url)
  if (address === undefined) return { url, ...(url.startsWith('rediss:') && { tls }) }
  if (address.kind === 'socket') {
    const { kind, ...socket } = address
    return socket
  }
  const { kind, tls: isTls, sentinelTls, ...sentinels } = address
  return {
    ...sentinels,
    role: 'master',
    ...(isTls && { tls, enableTLSForSentinelMode: true }),
    ...(sentinelTls && { sentinelTLS: tls }),
  }
}

/** The servers in words: the URLs may hold passwords. */
export function toPlace(urls: string[]): Sentence {
  const address = parseRedisAddress(urls[0] ?? '')
  if (address === undefined) return say('place.redis', { address: urls.map(toAddress).join(', ') })
  if (address.kind === 'socket') return say('place.redis', { address: address.path })
  const sentinels = address.sentinels.map(({ host, port }) => `${host}:${port}`)
  return say('place.sentinels', { name: address.name, addresses: sentinels.join(', ') })
}

/** Host and port only. */
export function toAddress(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || 6379}`
}
