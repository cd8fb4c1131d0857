import { setMaxListeners } from 'node:events'
import type { Log } from '../base/log.ts'
import { decompress, readAnswer, throwIfRefused, type WechatAnswer } from './answer.ts'
import { WechatNetworkError } from './errors.ts'
import { createBases } from './transport/bases.ts'
import type { Transport } from './transport/transport.ts'

export interface WechatRequest {
  method: 'GET' | 'POST'
  path: string
  query?: Record<string, string>
  body?: unknown
  /** Takes the cheap transport. */
  hot?: boolean
  signal?: AbortSignal | undefined
}

export interface WechatClient {
  /**
   * One call. Throws WechatApiError for an errcode other than 0, WechatNetworkError when no usable answer came.
   * It is repeated only if it surely never left, and then once, on the next base URL.
   */
  call(request: WechatRequest, accessToken?: string): Promise<WechatAnswer>
  close(): Promise<void>
}

interface ClientOptions {
  bases: readonly string[]
  transport: Transport
  /** For requests marked `hot`. */
  hotTransport: Transport
  log: Log
  now?: () => number
}

/** The one way to WeChat: it knows endpoints neither by name nor by token, and leaves retrying to its callers. */
export function createWechatClient({
  bases,
  transport,
  hotTransport,
  log,
  ...options
}: ClientOptions): WechatClient {
  const known = createBases(bases, { log, ...options })

  return {
    async call(request, accessToken) {
      const { method, path, hot, signal } = request
      // One signal may end hundreds of calls, which is no leak.
      if (signal) setMaxListeners(0, signal)
      const query = toQuery(request.query, accessToken)
      const body = request.body === undefined ? undefined : toJson(request.body)
      let base = known.pick()
      for (let isRepeated = false; ; isRepeated = true) {
        let answer: WechatAnswer
        try {
          const raw = await (hot ? hotTransport : transport).send({ method, base, path, query, body, signal })
          const { encoding } = raw
          answer = readAnswer(path, encoding === undefined ? raw : await decompress(path, raw, encoding))
        } catch (error) {
          if (!(error instanceof WechatNetworkError) || error.kind === 'aborted') throw error
          known.failed(base)
          // What surely never left may be repeated, once.
          const other = error.kind === 'connect' && !isRepeated ? known.findOther(base) : undefined
          if (other === undefined) throw error
          base = other
          continue
        }
        known.answered(base)
        throwIfRefused(path, answer)
        return answer
      }
    },
    async close() {
      await Promise.all([transport.close(), hotTransport.close()])
    },
  }
}

/** Every endpoint wants its access_token here; there is no header for it. */
function toQuery(query: Record<string, string> | undefined, accessToken: string | undefined): string {
  let text = accessToken === undefined ? '' : `?access_token=${encodeURIComponent(accessToken)}`
  for (const name in query) {
    // A code of a mini-program may hold half a surrogate pair, which cannot be encoded.
    const value = query[name]?.toWellFormed() ?? ''
    text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`
  }
  return text
}

/** WeChat refuses \u escapes of anything but ASCII; half a surrogate pair is the one thing JSON would write so. */
function toJson(body: unknown): string {
  const text = JSON.stringify(body)
  if (!text.includes('\\ud')) return text
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  )
}
