import { ControlError, type Input, type Routes, toFlag, toLines, toTextOrAbsent } from '../control/input.ts'
import type { CallbackControls } from './controls.ts'
import { callbackEventNames } from './event.ts'
import { isEventName } from './rules.ts'
import { findCallbackProblem, isCallbackOptions } from './settings.ts'

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
export function createCallbackControl(
  simulator: CallbackControls,
  toOpenid: (input: Input) => string,
): Routes {
  return {
    'GET /__sim/callback': () => simulator.callback(),
    'POST /__sim/callback': (input) => {
      if (!isCallbackOptions(input)) throw new ControlError(String(findCallbackProblem(input)))
      return simulator.setCallback(input)
    },
    'DELETE /__sim/callback': () => simulator.removeCallback(),
    'GET /__sim/callback/rules': () => simulator.callbackRules(),
    'DELETE /__sim/callback/rules': () => {
      const cleared = simulator.callbackRules().length
      simulator.clearCallbackRules()
      return { cleared }
    },
    'POST /__sim/blocking': (input) =>
      simulator.setBlocking(toOpenid(input), toFlag(input, 'blocking') ?? true),
    'GET /__sim/events': () => toLines(simulator.events()),
    'POST /__sim/events': (input) => {
      const { event } = input
      if (!isEventName(event))
        throw new ControlError(`event: expected one of ${callbackEventNames.join(', ')}`)
      simulator.raiseEvent({
        event,
        openid: toOpenid(input),
        eventKey: toTextOrAbsent(input, 'eventKey'),
        msgid: toTextOrAbsent(input, 'msgid'),
        status: toTextOrAbsent(input, 'status'),
        appid: toTextOrAbsent(input, 'appid'),
        revokeInfo: toTextOrAbsent(input, 'revokeInfo'),
      })
    },
  }
}
