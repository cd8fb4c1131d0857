import { parseInput } from '../control/input.ts'
import type { CallbackControls } from './controls.ts'
import { createCallbackDelivery } from './delivery.ts'
import type { RaisedEvent, SimulatedEvent } from './event.ts'
import { createExchanges } from './exchange.ts'
import { type CallbackNames, seal, toSignedQuery, toTarget } from './message.ts'
import type { CallbackCheck } from './options.ts'
import type { CallbackRule } from './rule.ts'
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

/** What is usual for an event. */
interface Usual {
  delayMs?: number
  templateId?: string
}

const longestHold = 1_000

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
    nap: (ms) => timers.start(ms).over,
    stats,
  })
  const kept: RaisedEvent[] = []
  const blocking = new Set<string>()
  /** The latest event of each person. */
  const lanes = new Map<string, Promise<void>>()
  /** Events kept back to be overtaken. */
  const holds = new Set<{ left: number; end: () => void }>()
  const settledListeners = new Set<() => void>()
  let check: CallbackCheck | undefined

  /** Resolves when the event has ended; undefined when nobody has to wait for that. */
  function raise(caused: SimulatedEvent, { delayMs = 0, templateId }: Usual = {}): Promise<void> | undefined {
    if (!delivery.settings()) return undefined
    const rule = rules.pick({ event: caused, templateId }) ?? {}
    if (rule.never) return undefined
    const usualDelay = rule.beforeAnswer ? 0 : delayMs
    const event: RaisedEvent = {
      ...caused,
      ...(rule.status !== undefined && { status: rule.status }),
      ...(rule.withoutMsgid && { msgid: '0' }),
      at: clock() + usualDelay,
      posts: 0,
      outcome: 'pending',
    }
    if (keep) kept.push(event)
    stats.of(event.event).raised++
    stats.state.pending++
    const ended = bring(event, rule, usualDelay + (rule.delayMs ?? 0)).then(() => {
      stats.state.pending--
      if (stats.state.pending > 0) return
      for (const tell of settledListeners) tell()
      settledListeners.clear()
    })
    return rule.beforeAnswer ? ended : undefined
  }

  async function bring(event: RaisedEvent, rule: CallbackRule, delayMs: number): Promise<void> {
    const { overtakenBy = 0, copies = 0 } = rule
    if (delayMs > 0) await timers.start(delayMs).over
    if (overtakenBy > 0) await hold(overtakenBy)
    const post = async () => {
      const isAcknowledged = await delivery.post(event, copies)
      event.outcome = isAcknowledged ? 'acknowledged' : 'dropped'
      if (isAcknowledged) countOvertaking()
    }
    if (event.event === 'TEMPLATESENDJOBFINISH') await post()
    else await inOrder(event.openid, post)
  }

  /** A follow and the unfollow a moment later carry the same second: only their order tells what is true now. */
  async function inOrder(openid: string, post: () => Promise<void>): Promise<void> {
    const posted = (lanes.get(openid) ?? Promise.resolve()).then(post)
    lanes.set(openid, posted)
    await posted
    if (lanes.get(openid) === posted) lanes.delete(openid)
  }

  async function hold(overtakenBy: number): Promise<void> {
    const { over, end } = timers.start(longestHold)
    const held = { left: overtakenBy, end }
    holds.add(held)
    await over
    holds.delete(held)
  }

  function countOvertaking(): void {
    for (const held of holds) if (--held.left === 0) held.end()
  }

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
    async callbacksSettled() {
      if (stats.state.pending > 0) await new Promise<void>((resolve) => settledListeners.add(resolve))
    },
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
      await controls.callbacksSettled()
    },
  }
}
