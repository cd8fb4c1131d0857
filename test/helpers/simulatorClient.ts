import { onTestFinished } from 'vitest'
import type { Simulator } from '../../src/simulator/controls.ts'
import type { SimulatedApp, SimulatorOptions } from '../../src/simulator/options.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'

/** An answer as it came: `text` keeps the digits that JSON.parse would round. */
interface Answer {
  status: number
  headers: Headers
  text: string
  /** Empty unless the body is a JSON object. */
  json: Record<string, unknown>
}

export type SimulatorClient = ReturnType<typeof createSimulatorClient>

/** A simulator that lives as long as the test, and a plain fetch client for it that shares no code with the project. */
export async function startSimulator(
  options: SimulatorOptions = {},
): Promise<{ simulator: Simulator; wechat: SimulatorClient }> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return { simulator, wechat: createSimulatorClient(simulator) }
}

function createSimulatorClient(simulator: Simulator) {
  async function request(method: string, path: string, body?: unknown): Promise<Answer> {
    const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    const response = await fetch(simulator.base + path, {
      method,
      ...(payload !== undefined && { body: payload }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parse(text) }
  }

  const get = (path: string, query: Record<string, string> = {}) =>
    request('GET', `${path}?${new URLSearchParams(query)}`)

  const post = (path: string, body?: unknown) => request('POST', path, body)

  function fetchStable(more: Record<string, unknown> = {}, app: SimulatedApp = simulator) {
    const { appid, secret } = app
    return post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid, secret, ...more })
  }

  function fetchPlain(more: Record<string, string> = {}, app: SimulatedApp = simulator) {
    const { appid, secret } = app
    return get('/cgi-bin/token', { grant_type: 'client_credential', appid, secret, ...more })
  }

  async function getToken(app: SimulatedApp = simulator): Promise<string> {
    return String((await fetchStable({}, app)).json.access_token)
  }

  /** A message to person 0 by the first template; `more` replaces fields. */
  function send(token: string, more: Record<string, unknown> = {}) {
    return post(`/cgi-bin/message/template/send?access_token=${token}`, { ...toMessage(simulator), ...more })
  }

  return { request, get, post, fetchStable, fetchPlain, getToken, send }
}

export function toMessage(simulator: Simulator) {
  return {
    touser: simulator.userAt(0).openid,
    template_id: simulator.templates[0]?.templateId,
    data: { thing1: { value: '订单已发货' }, time2: { value: '2026-11-20 15:01' } },
  }
}

/** Each value in the shape template/send wants. */
export function toData(values: Record<string, unknown>): Record<string, { value: unknown }> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }]))
}

function parse(text: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) }
  } catch {
    return {}
  }
}
