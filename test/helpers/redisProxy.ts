import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** In front of a Redis, as clouds have it: what runs a script gets `answer`, all else goes through. */
export async function startScriptRefusingProxy(url: string, answer: string): Promise<string> {
  const sockets = new Set<Socket>()
  const { port } = new URL(url)
  const server = createServer((client) => {
    const upstream = connect(Number(port), '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    upstream.pipe(client)
    let rest: Buffer = Buffer.alloc(0)
    client.on('data', (chunk: Buffer) => {
      const { commands, left } = splitCommands(Buffer.concat([rest, chunk]))
      rest = left
      for (const command of commands) {
        // What refuses goes to the server too, so that the answers keep their order.
        const isScript = /^\*\d+\r\n\$\d+\r\n(eval|evalsha|script)\r\n/i.test(command.toString('latin1'))
        upstream.write(isScript ? refuse(answer) : command)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  })
  const address = server.address()
  return `redis://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

function refuse(answer: string): string {
  const words = ['EVAL', 'return redis.error_reply(ARGV[1])', '0', answer]
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
}

/** Whole commands of the protocol, each an array of strings with their lengths before them. */
function splitCommands(data: Buffer): { commands: Buffer[]; left: Buffer } {
  const commands: Buffer[] = []
  let start = 0
  for (;;) {
    const end = findEnd(data, start)
    if (end === undefined) return { commands, left: data.subarray(start) }
    commands.push(data.subarray(start, end))
    start = end
  }
}

function findEnd(data: Buffer, start: number): number | undefined {
  const head = readNumber(data, start)
  let at = head?.next
  for (let left = head?.value ?? 0; left > 0 && at !== undefined; left--) at = findStringEnd(data, at)
  return at
}

function findStringEnd(data: Buffer, start: number): number | undefined {
  const length = readNumber(data, start)
  if (!length) return undefined
  const end = length.next + length.value + 2
  return end > data.length ? undefined : end
}

/** Of a line such as `*3` or `$5`: where the next one begins, and the number. */
function readNumber(data: Buffer, start: number): { next: number; value: number } | undefined {
  const end = data.indexOf('\r\n', start)
  return end === -1 ? undefined : { next: end + 2, value: Number(data.toString('latin1', start + 1, end)) }
}
