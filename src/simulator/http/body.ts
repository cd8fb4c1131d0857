import type { IncomingMessage, ServerResponse } from 'node:http'

const longestBody = 1_048_576

/** The whole body as text; one over 1 MB gets a 413, as from the web server in front. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  next: (body: string) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= longestBody) chunks.push(chunk)
  })
  request.on('end', () => {
    const [only] = chunks
    if (length > longestBody) response.writeHead(413).end()
    else next(chunks.length === 1 && only ? only.toString() : Buffer.concat(chunks).toString())
  })
}
