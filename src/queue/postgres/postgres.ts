import {
  type BackendFactory,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  Worker,
} from 'bullmq'
import { asSentence, type Sentence, say } from '../../base/sentences/sentence.ts'
import type { Danger, QueueBackend, Role } from '../backend.ts'
import { refuseStranger } from '../claim.ts'
import { toTelemetry } from '../telemetry.ts'
import { createUnusable } from '../unusable.ts'
import { explainPostgresError, isPostgresRefusal, isUnusable } from './faults.ts'
import { createPostgresServer, type PostgresOptions, type PostgresServer } from './server.ts'
import { createSharedBackends } from './sharedBackend.ts'
import { tidyQueues } from './tidy.ts'

/** Nobody reads them; BullMQ cannot be told to write none. */
const mostEvents = 256

interface PostgresTarget {
  /** In words, without credentials. */
  place: Sentence | string
  /** How to connect, the best way first. */
  ways: readonly PostgresOptions[]
  /** Where BullMQ's tables are. */
  schema: string
  /** Seconds after which an idle worker looks for jobs where nothing can wake it; default: it is woken. */
  pollInterval?: number
  /** The sentence to give up with when waiting cannot help against an error; default: it may always help. */
  toPermanentReason?: (error: unknown) => Sentence | undefined
}

/** BullMQ's PostgreSQL backend; all queues and workers of the process share its connections. */
export function connectPostgres(target: PostgresTarget, role: Role): QueueBackend {
  const { ways, schema, toPermanentReason = () => undefined } = target
  const place = asSentence(target.place)
  const unusable = createUnusable()
  const waiting = new Set<(error: Error) => void>()
  const listeners = new Set<() => void>()
  const server = createPostgresServer(
    ways.map((options) => ({ ...options, schema })),
    role,
    {
      onUp() {
        for (const listener of listeners) listener()
      },
      onError(error) {
        if (isUnusable(error))
          unusable.set(say('away.unusable', { place, reason: explainPostgresError(error) }))
        if (toPermanentReason(error) !== undefined) for (const giveUp of waiting) giveUp(error)
        backends.emit('error', error)
      },
      onDeaf: () => backends.emit('listenerinvalidated'),
    },
  )
  const backends = createSharedBackends(server, schema, target.pollInterval ?? Number.POSITIVE_INFINITY)
  const createBackend: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = backends.create
  // It is there already.
  const connection = {}
  return {
    place,
    isReady: () => server.isUp() && unusable.get() === undefined,
    ready,
    onReady: (listener) => void listeners.add(listener),
    lastError: server.lastError,
    isRefusal: isPostgresRefusal,
    permanentReason: (error) => unusable.get() ?? toPermanentReason(error),
    untilUnusable: unusable.promise,
    isUnusable: () => unusable.get() !== undefined,
    explain: explainPostgresError,
    getTime: server.getTime,
    claim: (name, databaseId) => claim(server, { place, schema }, name, databaseId),
    createQueue: (name) =>
      new Queue(
        name,
        { connection, streams: { events: { maxLen: mostEvents } }, ...toTelemetry(name) },
        createBackend,
      ),
    createWorker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, connection, ...toTelemetry(name) }, createBackend),
    findDangers: () => findDangers(server),
    tidy: () => tidyQueues(server.query, server.now()),
    reset: server.reset,
    close: server.close,
  }

  function ready(): Promise<void> {
    let giveUp: (error: Error) => void = () => {}
    const hopeless = new Promise<never>((_, reject) => {
      giveUp = reject
    })
    waiting.add(giveUp)
    return Promise.race([unusable.promise, server.up(), hopeless]).finally(() => waiting.delete(giveUp))
  }
}

/** Where BullMQ keeps the settings of the queue, so that it goes with the queue. */
async function claim(
  { query }: PostgresServer,
  { place, schema }: { place: Sentence; schema: string },
  name: string,
  databaseId: string,
): Promise<void> {
  const sql = `INSERT INTO meta (queue, field, value) VALUES ($1, 'database', $2)
    ON CONFLICT (queue, field) DO UPDATE SET value = meta.value RETURNING value`
  const { rows } = await query(sql, [name, databaseId])
  if (rows[0]?.value === databaseId) return
  refuseStranger(place, `DELETE FROM ${schema}.meta WHERE queue = '${name}' AND field = 'database'`)
}

async function findDangers({ query }: PostgresServer): Promise<Danger[]> {
  const { rows } = await query("SELECT current_setting('fsync') AS fsync")
  if (rows[0]?.fsync !== 'off') return []
  return [{ kind: 'volatile', sentence: say('danger.fsync') }]
}
