import { setTimeout as sleep } from 'node:timers/promises'
import { got, HTTPError, RequestError } from 'got'
import type { ProxyConfig } from '../base/config.ts'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { Language } from '../base/sentences/language.ts'
import { findProxy } from '../net/proxy.ts'
import { createAgents } from '../wechat/transport/gotTransport.ts'
import { type AccountAlert, toAlertText } from './alertText.ts'

export interface Alerts {
  /** Returns at once; what becomes of the alert is in the log. */
  post(alert: AccountAlert): void
  /** Gives what is under way a few seconds more. */
  close(): Promise<void>
}

interface AlertsOptions {
  account: string
  /** Undefined = nobody is told. Its query holds a key, so it is in no log line. */
  url: string | undefined
  proxy: ProxyConfig
  language: Language
  log: Log
}

const answerTimeout = 5 * second
const repetitions = 3
const patienceAtEnd = 3 * second

/** Tells a group robot of WeCom (企业微信), or whatever takes the same JSON, when an account is paused or resumed, or its syncs begin to fail. */
export function createAlerts({ account, url, proxy, language, log }: AlertsOptions): Alerts {
  const end = new AbortController()
  let posting: Promise<void> = Promise.resolve()
  if (url === undefined) return { post() {}, close: async () => {} }
  const agents = createAgents(findProxy(new URL(url).origin, proxy))
  const client = got.extend({
    agent: agents,
    followRedirect: false,
    responseType: 'text',
    headers: { 'user-agent': undefined },
    timeout: { request: answerTimeout },
    // Over some seven seconds.
    retry: { limit: repetitions, methods: ['POST'], statusCodes: [408, 429, 500, 502, 503, 504] },
    signal: end.signal,
  })

  async function post(target: string, content: string): Promise<void> {
    try {
      const { body } = await client.post(target, { json: { msgtype: 'text', text: { content } } })
      const refusal = toRefusal(body)
      if (refusal) log.error({ detail: refusal }, 'the alert was refused by ALERT_WEBHOOK_URL')
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      log.error({ detail: toDetail(error) }, 'the alert could not be posted to ALERT_WEBHOOK_URL')
    }
  }

  return {
    post(alert) {
      // In order: "resumed" must not overtake "paused".
      posting = posting
        .then(() => post(url, toAlertText(account, alert, language)))
        .catch((error) => log.error({ err: error }, 'unexpected error while posting an alert'))
    },
    async close() {
      const closed = new AbortController()
      const patience = sleep(patienceAtEnd, undefined, { signal: closed.signal }).then(() => end.abort())
      await Promise.race([posting, patience])
      closed.abort()
      await Promise.all([posting, patience.catch(() => {})])
      const { http, https } = agents
      if (http) http.destroy()
      if (https) https.destroy()
    },
  }
}

/** A robot answers 200 whatever it thinks of it; anything else that takes the post may answer as it likes. */
function toRefusal(body: string): string | undefined {
  try {
    const { errcode, errmsg }: Record<string, unknown> = { ...JSON.parse(body) }
    return typeof errcode === 'number' && errcode !== 0 ? `errcode ${errcode}: ${errmsg}` : undefined
  } catch {
    return undefined
  }
}

/** Its own message may name the URL. */
function toDetail(error: RequestError): string {
  return error instanceof HTTPError ? `HTTP ${error.response.statusCode}` : error.code
}
