import type { FastifyInstance, FastifyRequest } from 'fastify'
import { second } from '../base/duration.ts'
import type { ApiEdge } from './apiEdge.ts'

interface BodyTimeOptions {
  /** Milliseconds that a body has to arrive in. */
  whole: number
  /** Milliseconds without a byte after which a stream is given up. */
  idle: number
  api: ApiEdge
}

/**
 * What Node's `requestTimeout` does, but for bodies that are streams: those may take as long as they like, as long as
 * something arrives.
 */
export function limitBodyTime(app: FastifyInstance, { whole, idle, api }: BodyTimeOptions): void {
  app.addHook('preParsing', async (request, reply, payload) => {
    const { raw } = request
    if (raw.complete || raw.method === 'GET' || raw.method === 'HEAD') return payload
    const isStream = api.isStream(request)
    const giveUp = () => {
      if (!reply.sent) raw.socket.end(toTooSlow(api, request, (isStream ? idle : whole) / second))
      raw.destroy()
    }
    if (isStream) {
      raw.setTimeout(idle, giveUp)
      return payload
    }
    const timer = setTimeout(giveUp, whole)
    const clear = () => clearTimeout(timer)
    payload.once('end', clear).once('close', clear).once('error', clear)
    return payload
  })
}

/** Past Fastify, which waits for the rest of the body. */
function toTooSlow(api: ApiEdge, request: FastifyRequest, seconds: number): string {
  const { contentType, body } = api.owns(request)
    ? api.toTooSlow(request, seconds)
    : {
        contentType: 'application/json',
        body: { error: { code: 'timeout', message: 'the body was too slow' } },
      }
  const text = JSON.stringify(body)
  const head = [
    'HTTP/1.1 408 Request Timeout',
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${text}`
}
