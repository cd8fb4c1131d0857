import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export type Direction = 'toServer' | 'toClient'

/** Two ends of one connection through the wire. */
interface Line {
  client: Socket
  server: Socket
  /** Told apart from those made later: nothing gets through this one any more. */
  isDead: boolean
  held: Record<Direction, Buffer[]>
}

/** A network between clients and one server on this machine that can be disturbed. */
export interface Wire {
  readonly port: number
  /** Bytes of this direction wait, on all connections, until `release`; those of an end that closes are lost. */
  hold(direction: Direction): void
  release(): void
  /** Whether bytes wait. */
  isHolding(): boolean
  /** Resets all connections; new ones can be made. */
  cut(): void
  /** The connections of this moment carry nothing any more and are not closed either, as behind a firewall that forgot them. */
  swallow(): void
  /** Those who connect from now on get to another server on this machine; who is connected stays where he is. */
  lead(toPort: number): void
  /** Refuses connections, and resets those there are, until `accept`. */
  refuse(): Promise<void>
  accept(): Promise<void>
  close(): Promise<void>
}

export async function createWire(firstPort: number): Promise<Wire> {
  let toPort = firstPort
  const lines = new Set<Line>()
  const holding = new Set<Direction>()
  let server = await listen(0)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0

  async function listen(on: number): Promise<Server> {
    const listening = createServer(join).listen(on, '127.0.0.1')
    await once(listening, 'listening')
    return listening
  }

  function join(client: Socket): void {
    const line: Line = {
      client,
      server: connect(toPort, '127.0.0.1'),
      isDead: false,
      held: { toServer: [], toClient: [] },
    }
    lines.add(line)
    carry(line, client, line.server, 'toServer')
    carry(line, line.server, client, 'toClient')
  }

  function carry(line: Line, from: Socket, to: Socket, direction: Direction): void {
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (line.isDead) return
      if (holding.has(direction)) line.held[direction].push(bytes)
      else to.write(bytes)
    })
    from.on('error', () => {})
    from.on('close', () => {
      lines.delete(line)
      to.destroy()
    })
  }

  function cut(): void {
    for (const { client, server: upstream } of lines) {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
  }

  async function refuse(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  }

  return {
    port,
    hold: (direction) => holding.add(direction),
    release() {
      holding.clear()
      for (const { client, server: upstream, held } of lines) {
        for (const bytes of held.toServer.splice(0)) upstream.write(bytes)
        for (const bytes of held.toClient.splice(0)) client.write(bytes)
      }
    },
    isHolding: () => [...lines].some(({ held }) => held.toServer.length + held.toClient.length > 0),
    cut,
    swallow() {
      for (const line of lines) line.isDead = true
    },
    lead(to) {
      toPort = to
    },
    refuse,
    async accept() {
      server = await listen(port)
    },
    close: () => (server.listening ? refuse() : Promise.resolve()),
  }
}
