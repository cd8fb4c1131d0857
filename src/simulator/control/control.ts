import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import * as z from 'zod'
import { createCallbackRoutes } from '../callbacks/routes.ts'
import type { SimulatorControls } from '../controls.ts'
import { readBody } from '../http/body.ts'
import { hiddenRateSchema } from '../optionsSchema.ts'
import { faultSchema } from './faults.ts'
import { fields, filledText, flag, InputError, parseList, text, wholeNumber } from './input.ts'
import { addAll, person, type Routes, range, route, toLines, toOpenid } from './routes.ts'

const user = wholeNumber(0)

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
 * | `POST /__sim/intercept` | `{user` or `openid, templateId, content?}` | `{}` |
 * | `POST /__sim/token/kill` | `{appid?}` | `{}` |
 * | `POST /__sim/rate` | HiddenRate | `{}` |
 * | `POST /__sim/clock` | `{advanceMs}` | `{}` |
 * | `POST /__sim/code` | `{user}` and CodeOptions | `{code}` |
 * | `POST /__sim/payment` | `{user}` | SimulatedPayment |
 *
 * Those about callbacks stand with `createCallbackRoutes`. `user` is the number of a person, from 0.
 * Input it does not understand gets 400 with `{error}`.
 */
function createRoutes(simulator: SimulatorControls): Routes {
  const openidOf = (n: number) => simulator.userAt(n).openid

  function* listUsers(from: number, count: number) {
    for (let n = from; n < from + count; n++) yield simulator.userAt(n)
  }

  return {
    ...createCallbackRoutes(simulator, openidOf),
    'GET /__sim/stats': () => simulator.stats(),
    'GET /__sim/accepted': () => toLines(simulator.accepted()),
    'GET /__sim/users': route(range, ({ from, count }) => toLines(listUsers(from, count))),
    'GET /__sim/faults': () => simulator.faults(),
    'POST /__sim/faults': (input) => addAll(parseList(faultSchema, input), simulator.addFault),
    'DELETE /__sim/faults': () => {
      const cleared = simulator.faults().length
      simulator.clearFaults()
      return { cleared }
    },
    'POST /__sim/follow': route(
      fields({ ...person, unionid: filledText.optional(), eventKey: text.optional() }),
      ({ unionid, eventKey, ...named }) => {
        const isNamed = named.user !== undefined || named.openid !== undefined
        return simulator.follow(isNamed ? toOpenid(named, openidOf) : undefined, { unionid, eventKey })
      },
    ),
    'POST /__sim/unfollow': route(fields(person), (named) => simulator.unfollow(toOpenid(named, openidOf))),
    'POST /__sim/unionid': route(
      fields({ ...person, unionid: z.union([filledText, z.null()], 'expected a text, or null') }),
      ({ unionid, ...named }) => simulator.setUnionid(toOpenid(named, openidOf), unionid ?? undefined),
    ),
    'POST /__sim/blacklist': route(
      fields({ ...person, blacklisted: flag.default(true) }),
      ({ blacklisted, ...named }) => simulator.setBlacklisted(toOpenid(named, openidOf), blacklisted),
    ),
    'POST /__sim/intercept': route(
      fields({ ...person, templateId: filledText, content: text.optional() }),
      ({ templateId, content, ...named }) =>
        simulator.intercept(toOpenid(named, openidOf), { templateId, content }),
    ),
    'POST /__sim/token/kill': route(fields({ appid: filledText.optional() }), ({ appid }) =>
      simulator.killToken(appid),
    ),
    'POST /__sim/rate': route(hiddenRateSchema, simulator.setRate),
    'POST /__sim/clock': route(fields({ advanceMs: wholeNumber(0) }), ({ advanceMs }) =>
      simulator.advance(advanceMs),
    ),
    'POST /__sim/code': route(
      fields({
        user,
        kind: z.enum(['login', 'phone'], 'expected login or phone').optional(),
        unionid: flag.optional(),
        highRisk: flag.optional(),
      }),
      ({ user, ...options }) => ({ code: simulator.mintCode(user, options) }),
    ),
    'POST /__sim/payment': route(fields({ user }), ({ user }) => simulator.mintPayment(user)),
  }
}

/** Answers what comes in below `/__sim/`. */
export function createControl(simulator: SimulatorControls) {
  const routes = createRoutes(simulator)

  function run(method: string, { pathname, searchParams }: URL, body: string): unknown {
    const key = `${method} ${pathname}`
    const answerTo = routes[key]
    if (!answerTo) throw new InputError(`unknown: ${key}`)
    return answerTo(method === 'POST' ? toJson(body) : Object.fromEntries(searchParams))
  }

  async function answer(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    try {
      const result = await run(request.method ?? 'GET', new URL(request.url ?? '/', 'http://simulator'), body)
      if (result instanceof Readable) {
        response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
        result.pipe(response)
      } else reply(response, 200, result ?? {})
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      reply(response, 400, { error: error.message })
    }
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    readBody(request, response, (body) => void answer(request, response, body))
  }
}

function toJson(body: string): unknown {
  if (body === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    throw new InputError('the body is not JSON')
  }
}

function reply(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(answer)}\n`)
}
