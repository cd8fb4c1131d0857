import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { createCallbackControl } from '../callbacks/control.ts'
import { findCallbackRuleProblem, isCallbackRule } from '../callbacks/rules.ts'
import type { SimulatorControls } from '../controls.ts'
import { readBody } from '../http/body.ts'
import { isRecord, toText } from '../platform/answers.ts'
import { findFaultProblem, isFault } from './faults.ts'
import {
  ControlError,
  type Input,
  type Routes,
  toCount,
  toCountOrAbsent,
  toFlag,
  toJson,
  toLines,
  toList,
  toTextOrAbsent,
} from './input.ts'

/**
 * The script's side of the simulator, over HTTP, for programs that run elsewhere:
 *
 * | request | JSON in | answer |
 * | --- | --- | --- |
 * | `POST /__sim/faults` | one Fault or a list | `{added}` |
 * | `GET`, `DELETE /__sim/faults` | | the active ones with their `hits` / `{cleared}` |
 * | `GET /__sim/stats` | | SimulatorStats |
 * | `GET /__sim/accepted` | | one AcceptedMessage per line |
 * | `GET /__sim/users?from=0&count=100` | | one SimulatedUser per line |
 * | `POST /__sim/follow` | `{user?` or `openid?, unionid?, eventKey?}` | the SimulatedUser |
 * | `POST /__sim/unfollow` | `{user` or `openid}` | `{}` |
 * | `POST /__sim/unionid` | `{user` or `openid, unionid}`, null hides it | `{}` |
 * | `POST /__sim/blacklist` | `{user` or `openid, blacklisted?}` | `{}` |
 * | `POST /__sim/token/kill` | `{appid?}` | `{}` |
 * | `POST /__sim/rate` | HiddenRate | `{}` |
 * | `POST /__sim/clock` | `{advanceMs}` | `{}` |
 * | `POST /__sim/code` | `{user}` and CodeOptions | `{code}` |
 * | `POST /__sim/payment` | `{user}` | SimulatedPayment |
 *
 * Those about callbacks stand with `createCallbackControl`. `user` is the number of a person, from 0. Input it does not understand gets 400 with `{error}`.
 */
export function createControl(simulator: SimulatorControls) {
  const routes: Routes = {
    ...createCallbackControl(simulator, toOpenid),
    'GET /__sim/stats': () => simulator.stats(),
    'GET /__sim/accepted': () => toLines(simulator.accepted()),
    'GET /__sim/users': (_, query) => {
      const input = { from: Number(query.get('from') ?? 0), count: Number(query.get('count') ?? 100) }
      return toLines(listUsers(toCount(input, 'from'), toCount(input, 'count')))
    },
    'GET /__sim/faults': () => simulator.faults(),
    'DELETE /__sim/faults': () => {
      const cleared = simulator.faults().length
      simulator.clearFaults()
      return { cleared }
    },
    'POST /__sim/follow': (input) => {
      const openid = input.user === undefined && input.openid === undefined ? undefined : toOpenid(input)
      const unionid = toTextOrAbsent(input, 'unionid')
      return simulator.follow(openid, { unionid, eventKey: toTextOrAbsent(input, 'eventKey') })
    },
    'POST /__sim/unfollow': (input) => simulator.unfollow(toOpenid(input)),
    'POST /__sim/unionid': (input) => {
      const { unionid } = input
      if (unionid !== null && toText(unionid) === undefined) {
        throw new ControlError('unionid: expected a string, or null')
      }
      simulator.setUnionid(toOpenid(input), toText(unionid))
    },
    'POST /__sim/blacklist': (input) => {
      simulator.setBlacklisted(toOpenid(input), toFlag(input, 'blacklisted') ?? true)
    },
    'POST /__sim/token/kill': (input) => simulator.killToken(toText(input.appid)),
    'POST /__sim/rate': (input) => {
      const { errcode } = input
      if (errcode !== undefined && errcode !== 45011 && errcode !== -1) {
        throw new ControlError('errcode: expected 45011 or -1')
      }
      simulator.setRate({
        perSecond: toCountOrAbsent(input, 'perSecond'),
        perMinute: toCountOrAbsent(input, 'perMinute'),
        errcode,
      })
    },
    'POST /__sim/clock': (input) => simulator.advance(toCount(input, 'advanceMs')),
    'POST /__sim/code': (input) => {
      const { kind } = input
      if (kind !== undefined && kind !== 'login' && kind !== 'phone') {
        throw new ControlError('kind: expected login or phone')
      }
      const unionid = toFlag(input, 'unionid')
      const highRisk = toFlag(input, 'highRisk')
      return { code: simulator.mintCode(toCount(input, 'user'), { kind, unionid, highRisk }) }
    },
    'POST /__sim/payment': (input) => simulator.mintPayment(toCount(input, 'user')),
  }

  function* listUsers(from: number, count: number) {
    for (let n = from; n < from + count; n++) yield simulator.userAt(n)
  }

  function toOpenid(input: Input): string {
    const openid = toText(input.openid)
    return openid ?? simulator.userAt(toCount(input, 'user')).openid
  }

  /** Where one or a list of rules comes in. */
  const scripts: Record<string, (input: unknown) => { added: number }> = {
    'POST /__sim/faults': (input) => addAll(toList(input, isFault, findFaultProblem), simulator.addFault),
    'POST /__sim/callback/rules': (input) =>
      addAll(toList(input, isCallbackRule, findCallbackRuleProblem), simulator.addCallbackRule),
  }

  function run(method: string, url: URL, body: string): unknown {
    const input = toJson(body)
    const key = `${method} ${url.pathname}`
    const script = scripts[key]
    if (script) return script(input)
    const route = routes[key]
    if (!route) throw new ControlError(`unknown: ${key}`)
    if (!isRecord(input)) throw new ControlError('expected a JSON object')
    return route(input, url.searchParams)
  }

  async function answer(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    try {
      const result = await run(request.method ?? 'GET', new URL(request.url ?? '/', 'http://simulator'), body)
      if (result instanceof Readable) {
        response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
        result.pipe(response)
      } else reply(response, 200, result ?? {})
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      reply(response, 400, { error: error.message })
    }
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    readBody(request, response, (body) => void answer(request, response, body))
  }
}

function addAll<T>(rules: T[], add: (rule: T) => unknown): { added: number } {
  for (const rule of rules) add(rule)
  return { added: rules.length }
}

function reply(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(answer)}\n`)
}
