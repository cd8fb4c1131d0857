import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ProxyConfig, WebhookConfig } from '../base/config.ts'
import { second } from '../base/duration.ts'
import { findProxy } from '../net/proxy.ts'
import { createAgents } from '../wechat/transport/gotTransport.ts'
import { toWords } from '../wechat/transport/transport.ts'
import { toSignatureHeaders } from './signature.ts'

const defaultTimeout = 15 * second
/** Of the answer: there is nothing in it that is needed. */
const mostBytes = 64 * 1024
/** What is kept of a refusal. */
const mostWords = 200

export interface Poster {
  /** Undefined when it was taken, else why it was not. Never rejects. */
  post(message: { id: string; body: string }, signal?: AbortSignal): Promise<string | undefined>
  close(): void
}

/** Posts to the URL of the caller, which may be a private address; follows no redirect. */
export function createPoster(
  { url, keys }: WebhookConfig,
  proxy: ProxyConfig,
  answerTimeout = defaultTimeout,
): Poster {
  const target = new URL(url)
  const isTls = target.protocol === 'https:'
  const agents = createAgents(findProxy(target.origin, proxy))
  const agent = isTls ? agents.https : agents.http

  function send(message: { id: string; body: string }, signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      const payload = Buffer.from(message.body)
      const options = {
        method: 'POST',
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': payload.length,
          'user-agent': 'unionpush',
          ...toSignatureHeaders(message, keys, Date.now()),
        },
        ...(agent && { agent }),
      }
      const fail = (error: unknown) => resolve(toWords(error))
      const call = isTls ? requestHttps(target, options) : requestHttp(target, options)
      call.on('error', fail)
      call.on('response', (answer) => readAnswer(answer).then(resolve, fail))
      call.end(payload)
    })
  }

  return {
    async post(message, signal) {
      const end = new AbortController()
      const abort = () => end.abort()
      let isLate = false
      const deadline = setTimeout(() => {
        isLate = true
        abort()
      }, answerTimeout)
      signal?.addEventListener('abort', abort)
      try {
        const error = await send(message, end.signal)
        return error !== undefined && isLate ? `no complete answer within ${answerTimeout / second} s` : error
      } finally {
        clearTimeout(deadline)
        signal?.removeEventListener('abort', abort)
      }
    },
    close() {
      for (const one of [agents.http, agents.https]) if (one) one.destroy()
    },
  }
}

async function readAnswer(answer: IncomingMessage): Promise<string | undefined> {
  const { statusCode = 0 } = answer
  const isTaken = statusCode >= 200 && statusCode < 300
  let size = 0
  let words = ''
  for await (const chunk of answer) {
    size += chunk.length
    if (!isTaken && words.length < mostWords) words += chunk
    // Leaving the loop ends the connection.
    if (size > mostBytes) break
  }
  if (isTaken) return undefined
  const shown = words.replace(/\s+/g, ' ').trim().slice(0, mostWords)
  return shown === '' ? `HTTP ${statusCode}` : `HTTP ${statusCode}: ${shown}`
}
