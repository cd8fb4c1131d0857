import * as z from 'zod'
import { fields, flag, parseList, text } from '../control/input.ts'
import { addAll, person, type Routes, route, toLines, toOpenid } from '../control/routes.ts'
import type { CallbackControls } from './controls.ts'
import { callbackEventNames } from './event.ts'
import { callbackRuleSchema } from './rules.ts'
import { callbackOptionsSchema } from './settings.ts'

const eventSchema = fields({
  ...person,
  event: z.enum(callbackEventNames, `expected one of ${callbackEventNames.join(', ')}`),
  eventKey: text.optional(),
  msgid: text.optional(),
  status: text.optional(),
  appid: text.optional(),
  revokeInfo: text.optional(),
})

/**
 * What a script says over HTTP about the callbacks:
 *
 * | request | JSON in | answer |
 * | --- | --- | --- |
 * | `POST /__sim/callback` | CallbackOptions | the CallbackCheck, once the URL has been checked |
 * | `GET`, `DELETE /__sim/callback` | | CallbackState, `{}` without a callback / `{}` |
 * | `POST /__sim/callback/rules` | one CallbackRule or a list | `{added}` |
 * | `GET`, `DELETE /__sim/callback/rules` | | the active ones with their `hits` / `{cleared}` |
 * | `POST /__sim/blocking` | `{user` or `openid, blocking?}` | `{}` |
 * | `POST /__sim/events` | `{user` or `openid}` and the rest of a SimulatedEvent | `{}` |
 * | `GET /__sim/events` | | one RaisedEvent per line |
 */
export function createCallbackRoutes(
  simulator: CallbackControls,
  openidOf: (user: number) => string,
): Routes {
  return {
    'GET /__sim/callback': () => simulator.callback(),
    'POST /__sim/callback': route(callbackOptionsSchema, simulator.setCallback),
    'DELETE /__sim/callback': () => simulator.removeCallback(),
    'GET /__sim/callback/rules': () => simulator.callbackRules(),
    'POST /__sim/callback/rules': (input) =>
      addAll(parseList(callbackRuleSchema, input), simulator.addCallbackRule),
    'DELETE /__sim/callback/rules': () => {
      const cleared = simulator.callbackRules().length
      simulator.clearCallbackRules()
      return { cleared }
    },
    'POST /__sim/blocking': route(
      fields({ ...person, blocking: flag.default(true) }),
      ({ blocking, ...named }) => simulator.setBlocking(toOpenid(named, openidOf), blocking),
    ),
    'GET /__sim/events': () => toLines(simulator.events()),
    'POST /__sim/events': route(eventSchema, ({ user, openid, ...event }) =>
      simulator.raiseEvent({ ...event, openid: toOpenid({ user, openid }, openidOf) }),
    ),
  }
}
