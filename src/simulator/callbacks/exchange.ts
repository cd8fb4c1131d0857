import http from 'node:http'
import https from 'node:https'

/** How long an answer that says what it should took, or what is wrong with it. */
export type Exchanged = { ms: number } | { problem: string }

export interface ExchangeOptions {
  /** For the whole answer. */
  timeoutMs: number
  /** Without one the request is a GET. */
  body?: string
  /** Any of these texts with HTTP 200 is right. */
  expected: readonly string[]
}

/** Below the 5 s after which Node servers close an idle connection: a post must not meet the end of its connection. */
const idleMs = 4_000
const longestAnswer = 65_536

/** HTTP towards the callback server, over connections that are kept; redirects are not followed. */
export function createExchanges() {
  const keptAlive = { keepAlive: true, timeout: idleMs }
  const httpAgent = new http.Agent(keptAlive)
  const httpsAgent = new https.Agent(keptAlive)

  /** Never rejects. */
  function exchange(url: string, { timeoutMs, body, expected }: ExchangeOptions): Promise<Exchanged> {
    const startedAt = performance.now()
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'User-Agent': 'Mozilla/4.0',
        Accept: '*/*',
        ...(body !== undefined && { 'Content-Type': 'text/xml' }),
      },
    }
    return new Promise((resolve) => {
      const request = url.toLowerCase().startsWith('https:')
        ? https.request(url, { ...options, agent: httpsAgent })
        : http.request(url, { ...options, agent: httpAgent })
      const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)

      function fail(problem: string): void {
        resolve({ problem })
        request.destroy()
      }
      // The error of an address that is tried over several protocols has no message of its own.
      const failWith = (error: NodeJS.ErrnoException) => fail(error.message || String(error.code))

      request.on('error', failWith)
      request.on('close', () => clearTimeout(timer))
      request.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length > longestAnswer) fail('the answer is too long')
        })
        response.on('end', () => {
          const { statusCode } = response
          if (statusCode === 200 && expected.includes(text)) resolve({ ms: performance.now() - startedAt })
          else resolve({ problem: `answered ${statusCode} ${JSON.stringify(text.slice(0, 100))}` })
        })
        response.on('error', failWith)
      })
      request.end(body)
    })
  }

  return {
    exchange,

    /** Breaks off what is under way. */
    close(): void {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}
