import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { XMLParser } from 'fast-xml-parser'
import { type SeenRequest, startScriptedServer } from './scriptedServer.ts'

const parser = new XMLParser({ parseTagValue: false })

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

/** A server where callbacks arrive; it passes the URL check, and answers posts with `success` or as the test says. */
export async function startReceiver(
  answer: (response: ServerResponse, post: SeenRequest, n: number) => unknown = (response) =>
    response.end('success'),
) {
  const posts: SeenRequest[] = []
  const { base, requests, connections } = await startScriptedServer((response, request) => {
    if (request.method === 'GET') return response.end(request.query.get('echostr'))
    posts.push(request)
    return answer(response, request, posts.length)
  })
  return { url: `${base}/wechat/callback`, requests, posts, connections, events: () => posts.map(toFields) }
}

/** The fields of a message in plain XML, all as text. */
export function toFields({ text }: Pick<SeenRequest, 'text'>): Record<string, string> {
  return parser.parse(text).xml
}

/** SHA-1 over the sorted parts, as WeChat signs. */
export function signed(...parts: (string | null)[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

/** What an `Encrypt` text hides, decrypted by the openssl command; the padding comes along unchecked. */
export function unseal(encrypt: string, encodingAesKey: string) {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  const words = ['enc', '-d', '-aes-256-cbc', '-nopad', '-K', key.toString('hex')]
  const input = Buffer.from(encrypt, 'base64')
  const plain = execFileSync('openssl', [...words, '-iv', key.toString('hex', 0, 16)], { input })
  const messageEnd = 20 + plain.readUInt32BE(16)
  const pad = plain.at(-1) ?? 0
  return {
    random: plain.toString('hex', 0, 16),
    message: plain.toString('utf8', 20, messageEnd),
    appid: plain.toString('utf8', messageEnd, plain.length - pad),
    padding: [...plain.subarray(plain.length - pad)],
    length: plain.length,
  }
}
