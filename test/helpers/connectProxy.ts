import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ConnectProxy {
  url: string
  /** `host:port` and credentials of every tunnel that was asked for. */
  tunnels: { target: string; authorization: string | undefined }[]
}

/** A real forward proxy that tunnels, or answers CONNECT with another status; ends with the test. */
export async function startConnectProxy({ status = 200, host = '127.0.0.1' } = {}): Promise<ConnectProxy> {
  const tunnels: ConnectProxy['tunnels'] = []
  const server = createServer()
  const sockets = new Set<{ destroy(): void }>()
  server.on('connect', (request, socket) => {
    const target = request.url ?? ''
    tunnels.push({ target, authorization: request.headers['proxy-authorization'] })
    sockets.add(socket)
    socket.on('error', () => {})
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const { hostname, port } = new URL(`http://${target}`)
    const remote = connect(Number(port || 80), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      remote.pipe(socket).pipe(remote)
    })
    sockets.add(remote)
    remote.on('error', () => socket.destroy())
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, tunnels }
}
