import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface SeenRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** As it came over the wire. */
  text: string
}

export interface ScriptedServer {
  base: string
  requests: SeenRequest[]
  connections(): number
  /** Before the test does. */
  close(): Promise<void>
}

/** A real HTTP server that answers as the test says, keeps what it saw and ends with the test. */
export async function startScriptedServer(
  answer: (response: ServerResponse, request: SeenRequest) => unknown,
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = []
  let connections = 0
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const url = new URL(incoming.url ?? '', 'http://server')
    const request = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      text: Buffer.concat(chunks).toString(),
    }
    requests.push(request)
    await answer(response, request)
  })
  server.on('connection', () => {
    connections += 1
  })
  const port = await listen(server)
  async function close() {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  onTestFinished(close)
  return { base: `http://127.0.0.1:${port}`, requests, connections: () => connections, close }
}

/** A real TCP server, for what HTTP servers do not do; ends with the test. Returns its base URL. */
export async function startTcpServer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    onSocket(socket)
  })
  const port = await listen(server)
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${port}`
}

/** A base URL on which nothing listens. */
export async function findClosedBase(): Promise<string> {
  const server = createTcpServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return port
}
