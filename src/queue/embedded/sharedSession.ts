import type { PGlite } from '@electric-sql/pglite'

/** Message types that end a batch: Query, Sync, Terminate. A start-up message has no type; its first byte is 0. */
const lastOfBatch = new Set([...'QSX\0'].map((type) => type.charCodeAt(0)))

/**
 * The database as PGLiteSocketServer shall see it. That server passes on the messages of its connections one by one,
 * although a statement is a batch of them (Parse, Bind, Execute, Sync) about one unnamed statement of the one session:
 * of two batches that mix, both run the statement that was parsed last, and the other is lost. It does keep to one
 * connection while a transaction is open, so a batch under way is told to it as one.
 */
export function shareSession(database: PGlite): PGlite {
  let isMidBatch = false
  const overrides = {
    isInTransaction: () => isMidBatch || database.isInTransaction(),
    execProtocolRawStream(message: Uint8Array, options: Parameters<PGlite['execProtocolRawStream']>[1]) {
      isMidBatch = !lastOfBatch.has(message[0] ?? 0)
      return database.execProtocolRawStream(message, options)
    },
    /** The server ends with it what a connection that closed has left open. */
    exec(query: string) {
      isMidBatch = false
      return database.exec(query)
    },
  }
  return new Proxy(database, {
    get: (target, name) => Reflect.get(overrides, name) ?? toBound(target, name),
  })
}

function toBound(database: PGlite, name: string | symbol): unknown {
  const value: unknown = Reflect.get(database, name)
  return typeof value === 'function' ? value.bind(database) : value
}
