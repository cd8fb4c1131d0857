import { isIP } from 'node:net'
import type { SimulatedApp } from '../options.ts'
import {
  type Call,
  type Endpoint,
  type Endpoints,
  type LoggedRefusal,
  type Refuse,
  toText,
} from './answers.ts'
import type { Quotas, RateLimit } from './limits.ts'

interface OperationsOptions {
  apps: readonly SimulatedApp[]
  findEndpoint: (path: string) => Endpoint | undefined
  /** Where callbacks go; undefined when nowhere. */
  findCallbackUrl: () => string | undefined
  quotas: Quotas
  rate: RateLimit
  findRefusal: (rid: string) => LoggedRefusal | undefined
  refuse: Refuse
}

const ridShape = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/
const ridLifeMs = 7 * 86_400_000
const clearsPerMonth = 10
const shanghaiOffset = 8 * 3_600_000
const checkActions = ['dns', 'ping', 'all']
const operators = ['CHINANET', 'UNICOM', 'CAP', 'DEFAULT']
const ok = '{"errcode":0,"errmsg":"ok"}'

/** Quota, rid and address questions: what an operator asks when something is wrong. */
export function createOperations(options: OperationsOptions): Endpoints {
  const { quotas, rate, refuse } = options
  const clears = new Map<string, number>()

  function getQuota(call: Call): string {
    const path = toText(call.json.cgi_path) ?? ''
    if (path.startsWith('http')) return refuse(call, 76003)
    if (path.startsWith('/sns/')) return refuse(call, 76022)
    const endpoint = options.findEndpoint(path)
    if (!endpoint) return refuse(call, 76021)
    // Without a quota of its own a path shows zeros.
    const { quota } = endpoint
    const { limit, used } = quota ? quotas.get(quota, call.owner, call.at) : { limit: 0, used: 0 }
    const { perMinute } = rate.get()
    return JSON.stringify({
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: limit, used, remain: limit - used },
      ...(quota === 'templateSend' &&
        perMinute !== undefined && { rate_limit: { call_count: perMinute, refresh_second: 60 } }),
    })
  }

  /** Ten times a month over both ways, whatever it was used for. */
  function clear(call: Call, appid: string): string {
    const month = new Date(call.at + shanghaiOffset).toISOString().slice(0, 7)
    const key = `${appid} ${month}`
    const used = clears.get(key) ?? 0
    if (used >= clearsPerMonth) return refuse(call, 48006)
    clears.set(key, used + 1)
    quotas.clear(appid)
    return ok
  }

  function clearQuota(call: Call): string {
    return call.json.appid === call.owner ? clear(call, call.owner) : refuse(call, 40013)
  }

  /** For the day on which no token can be fetched any more. Sources disagree whether query or body names the app: both do. */
  function clearQuotaBySecret(call: Call): string {
    const appid = toText(call.query.appid) ?? toText(call.json.appid)
    const secret = toText(call.query.appsecret) ?? toText(call.json.appsecret)
    if (appid === undefined) return refuse(call, 41002)
    const app = options.apps.find((known) => known.appid === appid)
    if (!app) return refuse(call, 40013)
    if (secret === undefined) return refuse(call, 41004)
    return secret === app.secret ? clear(call, appid) : refuse(call, 40125)
  }

  return {
    '/cgi-bin/clear_quota': { method: 'POST', token: 'either', handle: clearQuota },
    '/cgi-bin/clear_quota/v2': {
      method: 'POST',
      takesNoBody: true,
      token: 'none',
      handle: clearQuotaBySecret,
    },
    '/cgi-bin/callback/check': {
      method: 'POST',
      token: 'either',
      handle: (call) => checkCallback(options, call),
    },
    '/cgi-bin/openapi/quota/get': { method: 'POST', token: 'either', handle: getQuota },
    '/cgi-bin/openapi/rid/get': { method: 'POST', token: 'either', handle: (call) => getRid(options, call) },
    '/cgi-bin/get_api_domain_ip': {
      method: 'GET',
      token: 'either',
      handle: () => '{"ip_list":["127.0.0.1","127.0.0.2","101.226.103.0/25"]}',
    },
    '/cgi-bin/getcallbackip': {
      method: 'GET',
      token: 'either',
      handle: () => '{"ip_list":["127.0.0.1","101.226.62.77","101.226.103.0/25"]}',
    },
  }
}

/** Tells what WeChat would see of the callback's host; nothing is looked up. */
function checkCallback({ findCallbackUrl, refuse }: OperationsOptions, call: Call): string {
  const { action, check_operator: operator } = call.json
  if (!checkActions.some((name) => name === action)) return refuse(call, 40202)
  if (!operators.some((name) => name === operator)) return refuse(call, 40203)
  const url = findCallbackUrl()
  if (url === undefined) return refuse(call, 40201)
  const { hostname } = new URL(url)
  const ip = isIP(hostname) ? hostname : '127.0.0.1'
  const from = operator === 'DEFAULT' ? 'UNICOM' : operator
  return JSON.stringify({
    ...(action !== 'ping' && { dns: [{ ip, real_operator: 'UNICOM' }] }),
    ...(action !== 'dns' && { ping: [{ ip, from_operator: from, package_loss: '0%', time: '0.100ms' }] }),
  })
}

function getRid({ findRefusal, refuse }: OperationsOptions, call: Call): string {
  const rid = toText(call.json.rid) ?? ''
  if (!ridShape.test(rid)) return refuse(call, 76002)
  const found = findRefusal(rid)
  if (!found) return refuse(call, 76001)
  if (call.at > found.at + ridLifeMs) return refuse(call, 76004)
  return JSON.stringify({
    errcode: 0,
    errmsg: 'ok',
    request: {
      invoke_time: Math.floor(found.at / 1000),
      cost_in_ms: 1,
      request_url: found.request,
      request_body: found.requestBody,
      response_body: found.answer,
      client_ip: found.address,
    },
  })
}
