import { parseInput } from '../control/input.ts'
import type { CallbackControls } from './controls.ts'
import { createCallbackDelivery } from './delivery.ts'
import type { RaisedEvent } from './event.ts'
import { createExchanges } from './exchange.ts'
import { type CallbackNames, seal, toSignedQuery, toTarget } from './message.ts'
import type { CallbackCheck } from './options.ts'
import { createRaise } from './raise.ts'
import { createCallbackRules } from './rules.ts'
import { type CallbackSettings, callbackOptionsSchema, toCallbackSettings } from './settings.ts'
import { createCallbackStats } from './stats.ts'
import { createTimers } from './timers.ts'

interface CallbacksOptions {
  names: CallbackNames
  /** Epoch milliseconds. */
  clock: () => number
  /** For nonces. */
  random: () => number
  /** For the chances of rules. */
  ruleRandom: () => number
  /** Remember every event. */
  keep: boolean
}

/** What WeChat tells the account's server: who came and went, what became of each message. */
export function createCallbacks({ names, clock, random, ruleRandom, keep }: CallbacksOptions) {
  const rules = createCallbackRules(ruleRandom)
  const stats = createCallbackStats()
  const timers = createTimers()
  const { exchange, close: closeExchanges } = createExchanges()
  const delivery = createCallbackDelivery({
    clock,
    seal: (event, settings) => seal(event, settings, names, clock(), random),
    exchange,
    wait: (ms) => timers.start(ms).over,
    stats,
  })
  const kept: RaisedEvent[] = []
  const blocking = new Set<string>()
  const { raise, untilSettled } = createRaise({
    rules,
    delivery,
    stats,
    timers,
    clock,
    onRaised: (event) => keep && kept.push(event),
  })
  let check: CallbackCheck | undefined

  async function checkUrl({ url, token, timeoutMs }: CallbackSettings): Promise<CallbackCheck> {
    const echostr = String(Math.floor(random() * 2 ** 53))
    const query = { ...toSignedQuery(token, clock(), random), echostr }
    const result = await exchange(toTarget(url, query), { timeoutMs, expected: [echostr] })
    return 'ms' in result ? { ok: true } : { ok: false, problem: `${result.problem}, expected the echostr` }
  }

  const controls: CallbackControls = {
    originalId: names.originalId,
    async setCallback(options) {
      const settings = toCallbackSettings(parseInput(callbackOptionsSchema, options))
      delivery.set(settings)
      check = undefined
      const result = await checkUrl(settings)
      if (delivery.settings() === settings) check = result
      return result
    },
    removeCallback: () => delivery.set(undefined),
    callback() {
      const settings = delivery.settings()
      return settings && { url: settings.url, mode: settings.mode, check, isPaused: delivery.isPaused() }
    },
    addCallbackRule: rules.add,
    callbackRules: rules.list,
    clearCallbackRules: rules.clear,
    setBlocking(openid, isBlocking) {
      if (isBlocking) blocking.add(openid)
      else blocking.delete(openid)
    },
    raiseEvent: (event) => void raise(event),
    events: () => kept.values(),
    callbacksSettled: untilSettled,
  }

  return {
    controls,
    readStats: stats.read,
    raise,

    /** To be told of every accepted message; the send call waits for what it returns. */
    raiseReceipt(openid: string, msgid: string, templateId: string): Promise<void> | undefined {
      const status = blocking.size > 0 && blocking.has(openid) ? 'failed:user block' : 'success'
      const delayMs = delivery.settings()?.receiptDelayMs ?? 0
      return raise({ event: 'TEMPLATESENDJOBFINISH', openid, msgid, status }, { delayMs, templateId })
    },

    async close(): Promise<void> {
      delivery.set(undefined)
      timers.close()
      closeExchanges()
      await untilSettled()
    },
  }
}
