import { setMaxListeners } from 'node:events'
import type { Log } from '../log.ts'
import { decompress, readAnswer, throwIfRefused, type WechatAnswer } from './answer.ts'
import { createBases } from './bases.ts'
import { WechatNetworkError } from './errors.ts'
import type { Transport } from './transport.ts'

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
export function createClient({
  bases,
  transport,
  hotTransport,
  log,
  ...options
}: ClientOptions): WechatClient {
  const known = createBases(bases, { log, ...options })

  async function attempt(base: string, request: WechatRequest, query: string, body: string | undefined) {
    const { method, path, hot, signal } = request
    let answer: WechatAnswer
    try {
      const raw = await (hot ? hotTransport : transport).send({ method, base, path, query, body, signal })
      answer = readAnswer(path, raw.encoding === undefined ? raw : await decompress(path, raw, raw.encoding))
    } catch (error) {
      if (error instanceof WechatNetworkError && error.kind !== 'aborted') known.failed(base)
      throw error
    }
    known.answered(base)
    throwIfRefused(path, answer.json)
    return answer
  }

  return {
    async call(request, accessToken) {
      // One signal may end hundreds of calls, which is no leak.
      if (request.signal) setMaxListeners(0, request.signal)
      const query = toQuery(request.query, accessToken)
      const body = request.body === undefined ? undefined : toJson(request.body)
      const base = known.pick()
      try {
        return await attempt(base, request, query, body)
      } catch (error) {
        const other = isUnsent(error) ? known.findOther(base) : undefined
        if (other === undefined) throw error
        return attempt(other, request, query, body)
      }
    },
    async close() {
      await Promise.all([transport.close(), hotTransport.close()])
    },
  }
}

function isUnsent(error: unknown): boolean {
  return error instanceof WechatNetworkError && error.kind === 'connect'
}

/** Every endpoint wants its access_token here; there is no header for it. */
function toQuery(query: Record<string, string> | undefined, accessToken: string | undefined): string {
  let text = accessToken === undefined ? '' : `?access_token=${encodeURIComponent(accessToken)}`
  for (const name in query)
    text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(query[name] ?? '')}`
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
