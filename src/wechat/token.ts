import { day, minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import { toBadBody } from './answer.ts'
import type { WechatClient } from './client.ts'
import { errcode } from './errcode.ts'
import { WechatApiError, WechatNetworkError } from './errors.ts'

export interface StoredToken {
  token: string
  /** Epoch milliseconds when it was asked for, so that a late answer does not look newer than it is. */
  obtainedAt: number
  /** Epoch milliseconds. */
  expiresAt: number
}

/** Where the processes of one account share the token; an older token never replaces a newer one. */
export interface TokenStore {
  load(appid: string): Promise<StoredToken | undefined>
  save(appid: string, token: StoredToken): Promise<void>
}

export interface TokenSource {
  /** A token believed to be good, from memory in almost every call. */
  get(): Promise<string>
  /** A token other than the one WeChat refused: the stored one if it is newer, else fetched, once for all callers. */
  renew(refused: string): Promise<string>
  /** WeChat took a token; ends the count of fruitless renewals. */
  accepted(): void
  /** What a caller shall throw whose renewed token was refused as well: an account fault after several in a row. */
  toFault(error: WechatApiError): WechatApiError
  /** For a timer: fetches when less than five minutes are left. */
  refresh(): Promise<StoredToken>
  /** The stored token as it is, without fetching. */
  peek(): Promise<StoredToken | undefined>
}

interface TokenSourceOptions {
  appid: string
  secret: string
  client: Pick<WechatClient, 'call'>
  store: TokenStore
  log: Log
  now?: () => number
}

const path = '/cgi-bin/stable_token'
/** WeChat replaces a stable token in its last five minutes, during which old and new both work. */
const renewalWindow = 5 * minute
/** Renewals in a row without any call getting through: refreshing will never help. */
const fruitlessLimit = 3
/** A failed fetch is the answer to everybody who asks within this time. */
const failureHold = 1 * second

/**
 * The access_token of one account by stable_token in normal mode: processes may fetch at will without knocking each other
 * out. `force_refresh` is never used: it kills the token of everybody else and is limited to 20 a day.
 */
export function createTokenSource({
  appid,
  secret,
  client,
  store,
  log,
  now = Date.now,
}: TokenSourceOptions): TokenSource {
  let current: StoredToken | undefined
  let refused: StoredToken | undefined
  let flight: Promise<StoredToken> | undefined
  let fruitless = 0
  let failure: { error: unknown; at: number } | undefined

  /** Another process may have renewed it meanwhile. */
  async function loadNewer(): Promise<StoredToken | undefined> {
    const stored = await store.load(appid)
    if (stored === undefined || stored.token === refused?.token || !isFresh(stored, now())) return undefined
    const known = current ?? refused
    return known === undefined || stored.obtainedAt >= known.obtainedAt ? stored : undefined
  }

  async function fetchToken(): Promise<StoredToken> {
    // Compared by distance: a clock that was set back must not hold a failure for hours.
    if (failure !== undefined && Math.abs(now() - failure.at) < failureHold) throw failure.error
    const obtainedAt = now()
    let fetched: StoredToken
    try {
      const { token, life } = await requestToken(client, { appid, secret })
      log.info({ expiresInSeconds: life / second }, 'access_token fetched')
      fetched = { token, obtainedAt, expiresAt: obtainedAt + life }
    } catch (cause) {
      const error = cause instanceof WechatNetworkError ? toHarmless(cause) : cause
      failure = { error, at: now() }
      throw error
    }
    await keep(fetched)
    // Not before: who was refused with it meanwhile would take part in this fetch and get it once more.
    current = fetched
    return fetched
  }

  async function keep(token: StoredToken): Promise<void> {
    try {
      await store.save(appid, token)
    } catch {
      // The error of a database names the values it was given, and the token is one of them.
      log.warn('the access_token could not be stored, so other processes will fetch it themselves')
    }
  }

  async function obtain(isRenewal: boolean): Promise<StoredToken> {
    const newer = await loadNewer()
    if (newer !== undefined) {
      current = newer
      return newer
    }
    const fetched = await fetchToken()
    if (isRenewal) fruitless += 1
    return fetched
  }

  function share(work: () => Promise<StoredToken>): Promise<StoredToken> {
    flight ??= work().finally(() => {
      flight = undefined
    })
    return flight
  }

  return {
    async get() {
      if (current !== undefined && isFresh(current, now())) return current.token
      return (await share(() => obtain(false))).token
    },
    async renew(bad) {
      if (current !== undefined && current.token !== bad && isFresh(current, now())) return current.token
      if (current?.token === bad) {
        refused = current
        current = undefined
      }
      return (await share(() => obtain(true))).token
    },
    accepted() {
      fruitless = 0
    },
    toFault(error) {
      if (fruitless < fruitlessLimit) return error
      const fault = toFruitlessFault(error)
      failure = { error: fault, at: now() }
      return fault
    },
    async refresh() {
      const newer = await loadNewer()
      if (newer === undefined || newer.expiresAt - now() < renewalWindow) return share(fetchToken)
      current = newer
      return newer
    },
    peek: () => store.load(appid),
  }
}

/** A tenth of its life, at most a minute, is kept as a margin for clocks and calls under way. */
function isFresh({ obtainedAt, expiresAt }: StoredToken, now: number): boolean {
  // One of the future was obtained while the clock was wrong: nobody knows how old it is.
  return obtainedAt <= now + minute && now < expiresAt - Math.min(minute, (expiresAt - obtainedAt) / 10)
}

/** `life` in milliseconds. */
async function requestToken(
  client: Pick<WechatClient, 'call'>,
  credentials: { appid: string; secret: string },
): Promise<{ token: string; life: number }> {
  const body = { grant_type: 'client_credential', ...credentials }
  const { json } = await client.call({ method: 'POST', path, body })
  const { access_token: token } = json
  const seconds = toSeconds(json.expires_in)
  if (typeof token !== 'string' || token === '' || seconds === undefined) {
    throw toBadBody(path, say('network.lacks', { name: 'access_token' }))
  }
  return { token, life: seconds * second }
}

/** A number, or one as text; no token lives longer than a day, and the sum must stay a time that can be stored. */
function toSeconds(given: unknown): number | undefined {
  const seconds = typeof given === 'string' ? Number(given) : given
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, day / second) : undefined
}

/** Whatever became of a token call, the call it was made for never left. */
function toHarmless({ kind, path: endpoint, detail, status, cause }: WechatNetworkError): WechatNetworkError {
  return new WechatNetworkError({
    kind,
    path: endpoint,
    detail,
    maybeReceived: false,
    cause,
    ...(status !== undefined && { status }),
  })
}

function toFruitlessFault({ errmsg }: WechatApiError): WechatApiError {
  return new WechatApiError({ errcode: errcode.tokenRefused, errmsg, path, tokenFruitless: true })
}
