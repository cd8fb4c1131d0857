import { type ClientRequest, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { type Agents, got, TimeoutError } from 'got'
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { findProxy, withoutBrackets } from '../../net/proxy.ts'
import { type NetworkFailure, WechatNetworkError } from '../errors.ts'
import {
  bodyLimit,
  defaultTimeouts,
  idleTimeout,
  type Transport,
  type TransportOptions,
  type TransportRequest,
  toCode,
  toConnectError,
  tooLarge,
  toWords,
} from './transport.ts'

/** The transport of every call but the hot one. */
export function createGotTransport({ proxy, timeouts = defaultTimeouts }: TransportOptions): Transport {
  const agents = new Map<string, Agents>()
  const client = got.extend({
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    // The client decompresses, so that the limit below counts what is really received.
    decompress: false,
    responseType: 'buffer',
    headers: { 'user-agent': undefined },
    timeout: {
      lookup: timeouts.connect,
      connect: timeouts.connect,
      secureConnect: timeouts.connect,
      request: timeouts.answer,
    },
  })

  function toAgents(base: string): Agents {
    const known = agents.get(base)
    if (known !== undefined) return known
    const created = createAgents(findProxy(base, proxy))
    agents.set(base, created)
    return created
  }

  async function send(request: TransportRequest) {
    const { method, base, path, query, body, signal } = request
    let maybeReceived = false
    let isTooLarge = false
    try {
      const call = client(`${base}${path}${query}`, {
        method,
        agent: toAgents(base),
        ...(signal && { signal }),
        ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
      })
      call.on('request', (sent) => {
        onConnected(sent, base, () => {
          maybeReceived = true
        })
      })
      call.on('downloadProgress', ({ transferred }) => {
        isTooLarge = transferred > bodyLimit
        if (isTooLarge) call.cancel()
      })
      const { statusCode, headers, rawBody } = await call
      const encoding = headers['content-encoding']
      return { status: statusCode, encoding, date: headers.date, body: Buffer.from(rawBody) }
    } catch (error) {
      throw toNetworkError(error, request, { maybeReceived, isTooLarge, answerTimeout: timeouts.answer })
    }
  }

  return {
    send,
    async close() {
      for (const { http, https } of agents.values()) {
        if (http) http.destroy()
        if (https) https.destroy()
      }
    },
  }
}

/** Connections that are kept; who has them made destroys them. */
export function createAgents(proxyUrl: string | undefined): Agents {
  // Idle sockets and the CONNECT to a proxy are what this timeout ends; calls have their own.
  const options = { keepAlive: true, timeout: idleTimeout }
  if (proxyUrl === undefined) return { http: new HttpAgent(options), https: new HttpsAgent(options) }
  const proxy = new URL(proxyUrl)
  // The agents look the name up as it stands, and an IPv6 address in brackets is none.
  Object.defineProperty(proxy, 'hostname', { value: withoutBrackets(proxy.hostname) })
  return {
    http: new HttpProxyAgent({ ...options, proxy }),
    https: new HttpsProxyAgent({ ...options, proxy }),
  }
}

/** From here on bytes of the request may travel. Its own `finish` event would be too late: WeChat may answer before. */
function onConnected(request: ClientRequest, base: string, listener: () => void) {
  const isSecure = base.startsWith('https:')
  request.once('socket', (socket) => {
    if (request.reusedSocket || (!isSecure && !socket.connecting)) listener()
    else socket.once(isSecure ? 'secureConnect' : 'connect', listener)
  })
}

interface Circumstances {
  maybeReceived: boolean
  isTooLarge: boolean
  answerTimeout: number
}

/** Whatever was thrown, the caller learns whether the request may have left. */
function toNetworkError(
  error: unknown,
  request: TransportRequest,
  { maybeReceived, isTooLarge, answerTimeout }: Circumstances,
): WechatNetworkError {
  const { path, signal } = request
  const words = toWords(error)
  const toError = (kind: NetworkFailure, detail: Sentence) =>
    new WechatNetworkError({ kind, path, detail, maybeReceived, cause: error })
  if (isTooLarge) return toError('too_large', tooLarge)
  if (signal?.aborted) return toError('aborted', say('network.aborted'))
  if (error instanceof TimeoutError && error.event === 'request')
    return toError('timeout', say('network.timeout', { ms: String(answerTimeout) }))
  if (!maybeReceived) return toConnectError(request, error)
  if (toCode(error).startsWith('HPE_')) return toError('bad_body', say('network.not_http', { cause: words }))
  return toError('reset', say('network.broke', { cause: words }))
}
