import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { toPushId } from './asks.ts'

/** A call of template/send as it reached WeChat's door, whatever became of it. */
export interface Arrival {
  pushId: string
  /** By the clock of `performance`. */
  at: number
  /** What the answer said; undefined when there was none, or none that can be read. */
  errcode: number | undefined
}

const channel = 'http.server.request.start'
const sendPath = '/cgi-bin/message/template/send'

/** Watches the servers of this process from outside them, through Node's own diagnostics. */
export function watchArrivals(port: () => number): { arrivals: Arrival[]; stop(): void } {
  const arrivals: Arrival[] = []

  function note(message: unknown): void {
    const { request, response } = toExchange(message)
    if (request.socket.localPort !== port() || !request.url?.startsWith(sendPath)) return
    const arrival: Arrival = { pushId: '', at: performance.now(), errcode: undefined }
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1')
    })
    request.on('end', () => {
      arrival.pushId = toPushId(body)
      arrivals.push(arrival)
    })
    const { end } = response
    response.end = (chunk?: unknown, ...rest: unknown[]) => {
      // Who gets an answer that is cut off learns nothing of it.
      const [, errcode] = /"errcode":"?(-?\d+).*\}$/s.exec(String(chunk ?? '')) ?? []
      if (errcode !== undefined) arrival.errcode = Number(errcode)
      return Reflect.apply(end, response, [chunk, ...rest])
    }
  }

  subscribe(channel, note)
  return { arrivals, stop: () => void unsubscribe(channel, note) }
}

function toExchange(message: unknown): { request: IncomingMessage; response: ServerResponse } {
  return Object(message)
}
