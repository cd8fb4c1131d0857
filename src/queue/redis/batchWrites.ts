import { Cluster, type Redis } from 'ioredis'

/**
 * The commands of one turn of the event loop leave in one piece. ioredis writes each of them on its own, which costs a
 * system call here and another one in Redis. Their order and their answers stay as they are, unlike with ioredis' own
 * pipelining, which holds answers back until the last one is there.
 */
export function batchWrites(client: Redis | Cluster): void {
  if (client instanceof Cluster) client.on('+node', batchWritesOf)
  else batchWritesOf(client)
}

function batchWritesOf(client: Redis): void {
  client.on('connect', () => {
    const { stream } = client
    const write = stream.write.bind(stream)
    let isCorked = false
    const uncork = () => {
      isCorked = false
      stream.uncork()
    }
    const value = (...written: Parameters<typeof write>) => {
      if (!isCorked) {
        isCorked = true
        stream.cork()
        setImmediate(uncork)
      }
      return write(...written)
    }
    // Writable, because Node puts another function there when the other side ends the connection.
    Object.defineProperty(stream, 'write', { value, writable: true, configurable: true })
  })
}
