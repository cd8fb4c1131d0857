import { isObject } from '../../base/isObject.ts'
import type { SimulatorControls } from '../controls.ts'
import type { Call, Endpoint } from '../platform/answers.ts'
import type { Platform } from '../platform/platform.ts'

type EndpointCheckDeps = Pick<Platform, 'tokens' | 'quotas'>

/** \uXXXX for anything beyond ASCII. */
const unicodeEscape = /(?:^|[^\\])(?:\\\\)*\\u(?!00[0-7])/i

/** The errcode a call earns before its endpoint sees it, 0 for none: method, token, quota and body, in this order. */
export function createEndpointCheck(
  { tokens, quotas }: EndpointCheckDeps,
  controls: Pick<SimulatorControls, 'appid' | 'miniprogram'>,
) {
  const appidOf = { account: controls.appid, miniprogram: controls.miniprogram.appid, either: undefined }

  return (endpoint: Endpoint, call: Call): number => {
    const { method, token } = endpoint
    if (call.method !== method) return endpoint.wrongMethod ?? (method === 'GET' ? 43001 : 43002)
    const tokenFault = token === 'none' ? 0 : checkToken(token, endpoint, call)
    if (tokenFault !== 0) return tokenFault
    const isWithoutBody = method === 'GET' || (endpoint.takesNoBody && call.body === '')
    return isWithoutBody ? 0 : readJson(call)
  }

  function checkToken(kind: keyof typeof appidOf, endpoint: Endpoint, call: Call): number {
    const owner = tokens.check(call)
    if (typeof owner === 'number') return owner
    const wanted = appidOf[kind]
    if (wanted !== undefined && owner !== wanted) return 48001
    call.owner = owner
    return endpoint.quota && !quotas.take(endpoint.quota, owner, call.at) ? 45009 : 0
  }
}

/** An errcode, or 0 when the body is a JSON object, which is then in `call.json`. */
function readJson(call: Call): number {
  if (call.body === '') return 44002
  if (call.body.includes('\\u') && unicodeEscape.test(call.body)) return 47002
  const json = parseObject(call.body)
  if (!json) return 47001
  call.json = json
  return 0
}

/** Undefined for what is no JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
