import type { CallbackOptions } from '../../src/simulator/callbacks/options.ts'
import { type Receiver, startReceiver } from './callbackReceiver.ts'
import { callbackAccount } from './seal.ts'
import { startSimulator } from './simulatorClient.ts'

export const receipt = 'TEMPLATESENDJOBFINISH'
/** Where the simulator's clock stands. */
export const postedAt = Date.parse('2026-11-20T12:00:00Z')

/** A simulator that posts its callbacks to `receiver`, at once and without a pause between tries unless told otherwise. */
export async function startPosting(options: Partial<CallbackOptions> = {}, receiver?: Receiver) {
  const { appid, token } = callbackAccount
  const { url, posts, events, requests } = receiver ?? (await startReceiver())
  const callback = { url, token, receiptDelayMs: 0, retryDelayMs: 0, ...options }
  const { simulator, wechat } = await startSimulator({ appid, followers: 30, now: () => postedAt, callback })
  const accessToken = await wechat.getToken()
  return {
    simulator,
    wechat,
    /** The msgid as it came. */
    send: async (more = {}) => (await wechat.send(accessToken, more)).text.match(/"msgid":(\d+)/)?.[1] ?? '',
    /** A receipt about the n-th person. */
    raise: (n: number, msgid = `${n}`) =>
      simulator.raiseEvent({ event: receipt, openid: simulator.userAt(n).openid, msgid }),
    openid: simulator.userAt(0).openid,
    posts,
    events,
    requests,
  }
}
