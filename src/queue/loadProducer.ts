import type { QueueConfig } from '../base/config.ts'
import { findTracing, startTracing, type TracingConfig } from '../base/monitoring/tracing.ts'
import type { ProducerConnection, ProducerQueue } from './producerQueue.ts'

/**
 * A connection whose queues are opened at once, but BullMQ and ioredis loaded on the way of the first: they take longer
 * than all else a producer imports, and many a program that can push never does.
 */
export function loadProducer(config: QueueConfig): ProducerConnection {
  let connecting: Promise<ProducerConnection> | undefined
  let isClosed = false

  function connect(): Promise<ProducerConnection> {
    connecting ??= import('./producerQueue.ts').then(async (module) => {
      if (config.tracing) start(config.tracing)
      const connection = module.connectProducer(config)
      if (isClosed) await connection.close()
      return connection
    })
    return connecting
  }

  function load(open: (connection: ProducerConnection) => ProducerQueue): ProducerQueue {
    let queue: ProducerQueue | undefined
    const opening = connect().then((connection) => {
      queue = open(connection)
      return queue
    })
    // Whoever uses the queue is told.
    opening.catch(() => {})
    return {
      run: (use) => (queue ? queue.run(use) : opening.then((opened) => opened.run(use))),
      findDangers: async () => (await opening).findDangers(),
      async close() {
        const opened = await opening.catch(() => undefined)
        await opened?.close()
      },
    }
  }

  return {
    openQueue: (appid) => load((connection) => connection.openQueue(appid)),
    openControlQueue: (appid) => load((connection) => connection.openControlQueue(appid)),
    async close() {
      isClosed = true
      const connection = await connecting?.catch(() => undefined)
      await connection?.close()
      await findTracing()?.flush()
    },
  }
}

/** Without it pushes go out all the same. */
function start(config: TracingConfig): void {
  try {
    startTracing(config)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`unionpush traces nothing although OTEL_EXPORTER_OTLP_ENDPOINT is set: ${reason}`)
  }
}
