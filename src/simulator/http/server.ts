import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import { createControl } from '../control/control.ts'
import type { SimulatorControls } from '../controls.ts'
import { type Call, type Endpoint, toText } from '../platform/answers.ts'
import type { Platform } from '../platform/platform.ts'
import { readBody } from './body.ts'
import { createEndpointCheck } from './endpointCheck.ts'
import { deliver, spoil } from './spoil.ts'

/** Longer than any pause of a test, so that a connection never closes under a request. */
const keepAliveMs = 600_000
/** The HTTP side: finds the endpoint, checks the call, applies latency and faults. */
export function createSimulatorServer(
  platform: Omit<Platform, 'controls' | 'closeCallbacks'>,
  controls: SimulatorControls,
): Server {
  const { endpoints, faults, stats, refuse, latencyMs, clock } = platform
  const control = createControl(controls)
  const check = createEndpointCheck(platform, controls)
  let dateSecond = 0
  let date = ''

  function toHttpDate(at: number): string {
    const second = Math.floor(at / 1000)
    if (second !== dateSecond) {
      dateSecond = second
      date = new Date(at).toUTCString()
    }
    return date
  }

  function handle(endpoint: Endpoint, call: Call): string | Buffer {
    const fault = check(endpoint, call)
    return fault === 0 ? endpoint.handle(call) : refuse(call, fault)
  }

  function answerCall(endpoint: Endpoint, call: Call, response: ServerResponse): void {
    function send(answer: string | Buffer): void {
      deliver(response, answer, toHttpDate(clock()), call.path.startsWith('/cgi-bin/'))
    }
    function answer(text: string | Buffer): void {
      stats.countAnswer(call)
      if (call.heldBy) void call.heldBy.then(() => sendLate(text))
      else sendLate(text)
    }
    function sendLate(text: string | Buffer): void {
      // A timer begun after the close would never be cleared.
      if (response.destroyed) return
      if (latencyMs === 0) {
        send(text)
        return
      }
      const timer = setTimeout(send, latencyMs, text)
      response.once('close', () => clearTimeout(timer))
    }
    const fault = faults.pick(call)
    if (fault) {
      spoil({
        fault,
        call,
        response,
        answer,
        handle: () => handle(endpoint, call),
        refuse: (errcode, errmsg) => refuse(call, errcode, errmsg),
      })
    } else answer(handle(endpoint, call))
  }

  function receive(path: string, rawQuery: string, request: IncomingMessage, response: ServerResponse): void {
    stats.countCall(path, response)
    const endpoint = endpoints.get(path)
    if (!endpoint) {
      response.writeHead(404, { 'Content-Type': 'text/html' })
      response.end('<html><body><h1>404 Not Found</h1></body></html>')
      return
    }
    readBody(request, response, (body) => {
      const query = parseQuery(rawQuery)
      const call: Call = {
        path,
        method: request.method ?? 'GET',
        rawQuery,
        query,
        body,
        json: {},
        token: toText(query.access_token) ?? '',
        owner: '',
        address: toIpv4(request.socket.remoteAddress ?? ''),
        at: clock(),
        errcode: 0,
      }
      answerCall(endpoint, call, response)
    })
  }

  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    const url = request.url ?? '/'
    const cut = url.indexOf('?')
    if (url.startsWith('/__sim/')) control(request, response)
    else if (cut < 0) receive(url, '', request, response)
    else receive(url.slice(0, cut), url.slice(cut + 1), request, response)
  })
  server.on('connection', stats.countConnection)
  return server
}

function toIpv4(address: string): string {
  return address.replace(/^::ffff:/, '')
}
