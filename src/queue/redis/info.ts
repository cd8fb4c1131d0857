import { Cluster } from 'ioredis'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { isForbidden } from './allowNoInfo.ts'
import { createClient, type RedisAddresses } from './client.ts'
import { explainRedisError } from './faults.ts'
import { toPlace } from './options.ts'

/** What a Redis says of itself. */
export interface RedisInfo {
  version: string
  policy: string
  /** Bytes; 0 = no limit. */
  maxMemory: number
  usedMemory: number
  /** Whether what it holds outlives it: by its log of writes, by snapshots, or not at all. */
  persistence: 'log' | 'snapshots' | 'none'
  /** Whether its last write to disk failed. */
  writesFail: boolean
}

export type AskedRedis =
  | { info: RedisInfo }
  | { problem: 'forbidden' }
  | { problem: 'unreachable'; why: Sentence }

/** Asks the server, over a connection of its own, within `patience` milliseconds. */
export async function askRedis(addresses: RedisAddresses, patience: number): Promise<AskedRedis> {
  const client = createClient(addresses, 'worker', { onMoved() {}, onScriptRefused() {} })
  const place = toPlace(addresses.urls)
  let why = say('away.noAnswer', { place })
  client.on('error', (error: Error) => {
    why = say('away.says', { place, reason: explainRedisError(error) })
  })
  const end = new AbortController()
  const timer = setTimeout(() => end.abort(), patience)
  const tooLate = new Promise<undefined>((resolve) =>
    end.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  try {
    const text = await Promise.race([client.call('info'), tooLate])
    if (text === undefined) return { problem: 'unreachable', why }
    const saves = await loadSaves(client)
    return { info: toInfo(String(text), saves) }
  } catch (error) {
    if (isForbidden(error)) return { problem: 'forbidden' }
    return { problem: 'unreachable', why: say('away.says', { place, reason: explainRedisError(error) }) }
  } finally {
    clearTimeout(timer)
    client.disconnect()
  }
}

/** When it takes snapshots; undefined where the host does not let anybody ask. */
async function loadSaves(client: ReturnType<typeof createClient>): Promise<string | undefined> {
  if (client instanceof Cluster) return undefined
  try {
    const answer: unknown = await client.config('GET', 'save')
    return Array.isArray(answer) ? String(answer[1]) : undefined
  } catch {
    return undefined
  }
}

function toInfo(text: string, saves: string | undefined): RedisInfo {
  const toValue = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1] ?? ''
  const hasLog = toValue('aof_enabled') === '1'
  // Where nobody may ask, a snapshot that was taken since the server began tells the same.
  const hasSnapshots = saves === undefined ? toValue('rdb_last_save_time') !== '' : saves !== ''
  return {
    version: toValue('redis_version'),
    policy: toValue('maxmemory_policy') || 'noeviction',
    maxMemory: Number(toValue('maxmemory')),
    usedMemory: Number(toValue('used_memory')),
    persistence: hasLog ? 'log' : hasSnapshots ? 'snapshots' : 'none',
    writesFail: [toValue('aof_last_write_status'), toValue('rdb_last_bgsave_status')].includes('err'),
  }
}
