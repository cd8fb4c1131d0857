import {
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  type QueueBaseOptions,
} from 'bullmq'
import type { PostgresServer } from './server.ts'
import { useServerTime } from './serverTime.ts'

/**
 * BullMQ's backend of one queue or worker on the connections of the process. BullMQ would open a pool for each, and another
 * connection to listen: hundreds with a hundred accounts.
 */
export function createSharedBackends(server: PostgresServer, schema: string, pollInterval: number) {
  const views = new Set<PostgresConnection>()

  return {
    create(name: string, options: QueueBaseOptions<PostgresConnectionOptions>): PostgresQueueBackend {
      const backend = new PostgresQueueBackend(createView(), name, options)
      useServerTime(backend, server.now)
      const waitForJob = backend.waitForJob.bind(backend)
      backend.waitForJob = (seconds) => waitForJob(Math.min(seconds, pollInterval))
      return backend
    },
    emit(event: 'error' | 'listenerinvalidated', error?: Error): void {
      for (const view of views) if (view.listenerCount(event) > 0) view.emit(event, error)
    },
  }

  /** What a backend uses of a connection of its own; it can be closed alone. */
  function createView(): PostgresConnection {
    let closed: Promise<void> | undefined
    const close = async () => {
      closed = Promise.resolve()
      views.delete(view)
    }
    const view: PostgresConnection = Object.create(PostgresConnection.prototype, {
      schema: { value: schema },
      pool: { value: { query: server.query } },
      hasListenClientKeepAlive: { value: true },
      isClosing: { get: () => closed },
      waitUntilReady: { value: server.up },
      getListenClient: { value: () => listen(server) },
      close: { value: close },
      disconnect: { value: close },
    })
    views.add(view)
    return view
  }
}

async function listen(server: PostgresServer) {
  const client = await server.getListenClient()
  // Every worker that waits for jobs listens here.
  Reflect.get(client, 'setMaxListeners').call(client, 0)
  return client
}
