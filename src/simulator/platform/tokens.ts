import type { SimulatedApp } from '../options.ts'
import { type Call, type Endpoints, type Refuse, toText } from './answers.ts'
import { createIpList } from './ipList.ts'
import { createIssuedTokens, type IssuedToken, revoke, works } from './issuedTokens.ts'
import { createWindowLimit, type Quotas, type WindowLimit } from './limits.ts'

interface TokensOptions {
  account: SimulatedApp
  apps: readonly SimulatedApp[]
  tokenLifeSeconds: number
  tokenOverlapSeconds: number
  ipWhitelist?: readonly string[] | undefined
  quotas: Quotas
  random: () => number
  refuse: Refuse
}

/** The plain and the stable token of an app live side by side: fetching one never touches the other. */
interface AppTokens extends SimulatedApp {
  plain: IssuedToken | undefined
  replacedPlain: IssuedToken | undefined
  stable: IssuedToken | undefined
  forcedAt: number[]
  minuteLimit: WindowLimit
}

const day = 86_400_000
const forcesPerDay = 20
const forcePauseMs = 30_000
const stableCallsPerMinute = 10_000
/** WeChat advises to reserve 512 characters: nothing longer can be a token. */
const longestToken = 512

export function createTokens(options: TokensOptions) {
  const { apps, refuse, quotas } = options
  const lifeMs = options.tokenLifeSeconds * 1000
  const overlapMs = Math.min(options.tokenOverlapSeconds * 1000, lifeMs / 2)
  const isListed = createIpList(options.ipWhitelist)
  const issued = createIssuedTokens(lifeMs, options.random)
  const states = apps.map(toAppTokens)

  function answer(token: IssuedToken, at: number): string {
    issued.counts.fetches++
    return `{"access_token":"${token.value}","expires_in":${Math.floor((token.expiresAt - at) / 1000)}}`
  }

  /** Each call makes a new token; the one before works on for the overlap, the one before that stops at once. */
  function fetchPlain(state: AppTokens, at: number): string {
    revoke(state.replacedPlain, at)
    revoke(state.plain, at + overlapMs)
    state.replacedPlain = state.plain
    state.plain = issued.issue(state.appid, at)
    return answer(state.plain, at)
  }

  /** The same token until its last minutes; then a new one, while the old one works until its end. */
  function fetchStable(state: AppTokens, at: number): string {
    if (!works(state.stable, at) || state.stable.expiresAt - at < overlapMs)
      state.stable = issued.issue(state.appid, at)
    return answer(state.stable, at)
  }

  function fetchForced(state: AppTokens, call: Call): string {
    const { at } = call
    state.forcedAt = state.forcedAt.filter((time) => time > at - day)
    // Within 30 s of the last one a forced refresh does not refresh.
    if (at - (state.forcedAt.at(-1) ?? -Infinity) < forcePauseMs) return fetchStable(state, at)
    if (state.forcedAt.length >= forcesPerDay) return refuse(call, 45009)
    state.forcedAt.push(at)
    revoke(state.stable, at)
    state.stable = undefined
    return fetchStable(state, at)
  }

  /** In WeChat's order: the appid comes before everything else. */
  function findCaller(call: Call, parameters: Record<string, unknown>): AppTokens | string {
    const appid = toText(parameters.appid)
    if (appid === undefined) return refuse(call, 41002)
    const app = states.find((known) => known.appid === appid)
    if (!app) return refuse(call, 40013)
    if (toText(parameters.grant_type) !== 'client_credential') return refuse(call, 40002)
    const secret = toText(parameters.secret)
    if (secret === undefined) return refuse(call, 41004)
    if (secret !== app.secret) {
      const belongsToOther = states.some((other) => other.secret === secret)
      return belongsToOther ? refuse(call, 40001, 'invalid credential') : refuse(call, 40125)
    }
    if (!isListed(call.address)) return refuse(call, 40164)
    return app
  }

  const endpoints: Endpoints = {
    '/cgi-bin/token': {
      method: 'GET',
      token: 'none',
      quota: 'token',
      handle(call) {
        const app = findCaller(call, call.query)
        if (typeof app === 'string') return app
        return quotas.take('token', app.appid, call.at) ? fetchPlain(app, call.at) : refuse(call, 45009)
      },
    },
    '/cgi-bin/stable_token': {
      method: 'POST',
      token: 'none',
      quota: 'stableToken',
      handle(call) {
        const app = findCaller(call, call.json)
        if (typeof app === 'string') return app
        if (!app.minuteLimit.take(call.at)) return refuse(call, 45011)
        if (!quotas.take('stableToken', app.appid, call.at)) return refuse(call, 45009)
        return call.json.force_refresh === true ? fetchForced(app, call) : fetchStable(app, call.at)
      },
    },
  }

  return {
    endpoints,
    counts: issued.counts,

    /** Whether it was given out here. */
    knows: (token: string): boolean => issued.find(token) !== undefined,

    /** The appid the token belongs to, or the errcode it earns; of mini-programs only calls by AppSecret are bound to addresses. */
    check({ token, at, address }: Call): string | number {
      const known = issued.find(token)
      const fault = findTokenFault(token, known, at)
      if (fault !== 0 || !known) return fault
      return known.appid === options.account.appid && !isListed(address) ? 40164 : known.appid
    },
    killAll: issued.killAll,
  }
}

/** The errcode that a token earns by itself, 0 for none. */
function findTokenFault(token: string, known: IssuedToken | undefined, at: number): number {
  if (token === '') return 41001
  if (!known) return token.length > longestToken ? 40014 : 40001
  if (at >= known.revokedAt) return 40001
  return at >= known.expiresAt ? 42001 : 0
}

function toAppTokens(app: SimulatedApp): AppTokens {
  const minuteLimit = createWindowLimit(60_000, stableCallsPerMinute)
  return { ...app, plain: undefined, replacedPlain: undefined, stable: undefined, forcedAt: [], minuteLimit }
}
