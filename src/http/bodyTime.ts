import type { FastifyInstance, FastifyRequest } from 'fastify'

interface BodyTimeOptions {
  /** Milliseconds that a body has to arrive in. */
  whole: number
  /** Milliseconds without a byte after which a stream is given up. */
  idle: number
  isStream(request: FastifyRequest): boolean
}

const tooSlow = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n'

/**
 * What Node's `requestTimeout` does, but for bodies that are streams: those may take as long as they like, as long as
 * something arrives.
 */
export function limitBodyTime(app: FastifyInstance, { whole, idle, isStream }: BodyTimeOptions): void {
  app.addHook('preParsing', async (request, reply, payload) => {
    const { raw } = request
    if (raw.complete || raw.method === 'GET' || raw.method === 'HEAD') return payload
    const giveUp = () => {
      if (!reply.sent) raw.socket.end(tooSlow)
      raw.destroy()
    }
    if (isStream(request)) {
      raw.setTimeout(idle, giveUp)
      return payload
    }
    const timer = setTimeout(giveUp, whole)
    const clear = () => clearTimeout(timer)
    payload.once('end', clear).once('close', clear).once('error', clear)
    return payload
  })
}
