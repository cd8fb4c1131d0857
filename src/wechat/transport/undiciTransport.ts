import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { findProxy } from '../../net/proxy.ts'
import { type NetworkFailure, WechatNetworkError } from '../errors.ts'
import {
  bodyLimit,
  defaultTimeouts,
  idleTimeout,
  type Transport,
  type TransportAnswer,
  type TransportOptions,
  type TransportRequest,
  toConnectError,
  tooLarge,
  toWords,
} from './transport.ts'

const headers = { 'content-type': 'application/json' }

type Fields = Record<string, string | string[] | undefined>

interface Route {
  dispatcher: Dispatcher
  origin: string
  prefix: string
}

/**
 * The transport of the one hot call. It talks to undici's dispatcher rather than to `Pool.request`: a third less CPU per
 * call, and the only way to know whether a request that failed was ever written.
 */
export function createUndiciTransport({ proxy, timeouts = defaultTimeouts }: TransportOptions): Transport {
  const routes = new Map<string, Route>()

  function toRoute(base: string): Route {
    const known = routes.get(base)
    if (known !== undefined) return known
    const { origin, pathname } = new URL(base)
    const connect = { timeout: timeouts.connect }
    // The deadline below covers these two, and undici's own timers cost as much as the rest of the call.
    const options = { connect, keepAliveTimeout: idleTimeout, headersTimeout: 0, bodyTimeout: 0 }
    const uri = findProxy(base, proxy)
    const dispatcher =
      uri === undefined
        ? new Pool(origin, options)
        : new ProxyAgent({ ...options, uri, ...toToken(uri), proxyTls: connect, requestTls: connect })
    const route = { dispatcher, origin, prefix: pathname === '/' ? '' : pathname }
    routes.set(base, route)
    return route
  }

  return {
    send(request) {
      let route: Route
      try {
        route = toRoute(request.base)
      } catch (error) {
        return Promise.reject(toConnectError(request, error))
      }
      return exchange(route, request, timeouts.answer)
    },
    async close() {
      await Promise.all([...routes.values()].map(({ dispatcher }) => dispatcher.destroy()))
    },
  }
}

function exchange(route: Route, request: TransportRequest, answerTimeout: number): Promise<TransportAnswer> {
  return new Promise((resolve, reject) => {
    const { method, path, query, body, signal } = request
    let controller: Dispatcher.DispatchController | undefined
    let settled = false
    let status = 0
    let encoding: string | undefined
    let date: string | undefined
    let chunks: Buffer[] = []
    let size = 0

    const handler = {
      onRequestStart(started: Dispatcher.DispatchController) {
        // Given up while it waited for a connection: nothing has been written yet, and nothing will be.
        if (settled) started.abort(new Error('given up'))
        else controller = started
      },
      onResponseStart(_: unknown, statusCode: number, fields: Fields) {
        status = statusCode
        encoding = toText(fields['content-encoding'])
        date = toText(fields.date)
      },
      onResponseData(_: unknown, chunk: Buffer) {
        size += chunk.length
        if (size > bodyLimit) handler.fail('too_large', tooLarge)
        else chunks.push(chunk)
      },
      onResponseEnd() {
        if (settled) return
        handler.settle()
        const [first] = chunks
        resolve({
          status,
          encoding,
          date,
          body: first && chunks.length === 1 ? first : Buffer.concat(chunks),
        })
      },
      onResponseError(_: unknown, error: Error) {
        const words = toWords(error)
        if (!controller) handler.end(toConnectError(request, error))
        else if (error.name === 'HTTPParserError')
          handler.fail('bad_body', say('network.not_http', { cause: words }), error)
        else handler.fail('reset', say('network.broke', { cause: words }), error)
      },
      onDeadline() {
        handler.fail('timeout', say('network.timeout', { ms: String(answerTimeout) }))
      },
      /** Listener of the caller's signal. */
      handleEvent() {
        handler.fail('aborted', say('network.aborted'))
      },
      fail(kind: NetworkFailure, detail: Sentence, cause?: unknown) {
        const maybeReceived = controller !== undefined
        handler.end(new WechatNetworkError({ kind, path, detail, maybeReceived, cause }))
      },
      end(error: WechatNetworkError) {
        if (settled) return
        handler.settle()
        chunks = []
        reject(error)
        controller?.abort(new Error(error.message))
      },
      settle() {
        settled = true
        clearTimeout(deadline)
        signal?.removeEventListener('abort', handler)
      },
    }

    const deadline = setTimeout(handler.onDeadline, answerTimeout)
    if (signal?.aborted) return handler.handleEvent()
    signal?.addEventListener('abort', handler)
    const { dispatcher, origin, prefix } = route
    // Not built by spreading: that alone costs 6 us here.
    const options = { origin, path: `${prefix}${path}${query}`, method, headers, body: body ?? null }
    try {
      dispatcher.dispatch(options, handler)
    } catch (error) {
      handler.fail(
        controller ? 'reset' : 'connect',
        say('network.not_made', { cause: toWords(error) }),
        error,
      )
    }
  })
}

/** undici sends credentials only when there is both a user and a password. */
function toToken(proxy: string): { token?: string } {
  const { username, password } = new URL(proxy)
  if (username === '' && password === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { token: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

function toText(field: Fields[string]): string | undefined {
  return Array.isArray(field) ? field.join(', ') : field
}
