import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import { createControl } from '../control/control.ts'
import { type Call, type Endpoint, toText } from '../platform/answers.ts'
import type { Platform } from '../platform/platform.ts'
import { readBody } from './body.ts'
import { createEndpointCheck, parseObject } from './endpointCheck.ts'
import { deliver, spoil } from './spoil.ts'

/** Longer than any pause of a test, so that a connection never closes under a request. */
const keepAliveMs = 600_000
/** Of one account: finds the endpoint, checks the call, applies latency and faults. */
function createAccountServer(platform: Platform) {
  const { controls, endpoints, tokens, faults, stats, refuse, latencyMs, clock } = platform
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

  function receive({ path, rawQuery, request, response, read }: Request): void {
    stats.countCall(path, response)
    const endpoint = endpoints.get(path)
    if (!endpoint) {
      response.writeHead(404, { 'Content-Type': 'text/html' })
      response.end('<html><body><h1>404 Not Found</h1></body></html>')
      return
    }
    read((body) => {
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

  return { control, receive, tokens, stats, appids: [controls.appid, controls.miniprogram.appid] }
}

type AccountServer = ReturnType<typeof createAccountServer>

interface Request {
  path: string
  rawQuery: string
  request: IncomingMessage
  response: ServerResponse
  /** Hands on the whole body. */
  read(next: (body: string) => void): void
}

/** The HTTP side of all accounts: a call is for the one that its token or its AppID belongs to, else for the first. */
export function createSimulatorServer(platforms: readonly [Platform, ...Platform[]]): Server {
  const [first, ...others] = platforms
  const accounts: [AccountServer, ...AccountServer[]] = [
    createAccountServer(first),
    ...others.map(createAccountServer),
  ]
  const [main] = accounts

  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    const url = request.url ?? '/'
    const cut = url.indexOf('?')
    const path = cut < 0 ? url : url.slice(0, cut)
    const rawQuery = cut < 0 ? '' : url.slice(cut + 1)
    const read: Request['read'] = (next) => readBody(request, response, next)
    if (url.startsWith('/__sim/')) controlAccount(request, response)
    else if (accounts.length === 1) main.receive({ path, rawQuery, request, response, read })
    else {
      read((body) => {
        const account = findAccount(accounts, rawQuery, body) ?? main
        account.receive({ path, rawQuery, request, response, read: (next) => next(body) })
      })
    }
  })
  server.on('connection', main.stats.countConnection)
  return server

  /** `/__sim/accounts/<AppID>/stats` is `/__sim/stats` of that account. */
  function controlAccount(request: IncomingMessage, response: ServerResponse): void {
    const [, appid, rest] = /^\/__sim\/accounts\/([^/]+)\/(.*)$/.exec(request.url ?? '') ?? []
    const account = appid === undefined ? main : accounts.find(({ appids }) => appids.includes(appid))
    if (rest !== undefined) request.url = `/__sim/${rest}`
    if (account) account.control(request, response)
    else response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"error":"no such account"}\n')
  }
}

function findAccount(
  accounts: readonly AccountServer[],
  rawQuery: string,
  body: string,
): AccountServer | undefined {
  const query = parseQuery(rawQuery)
  const token = toText(query.access_token)
  if (token !== undefined) return accounts.find(({ tokens }) => tokens.knows(token))
  const appid = toText(query.appid) ?? toText(parseObject(body)?.appid)
  return accounts.find(({ appids }) => appid !== undefined && appids.includes(appid))
}

function toIpv4(address: string): string {
  return address.replace(/^::ffff:/, '')
}
