import { expect, test, vi } from 'vitest'
import type { CallbackRule } from '../../src/simulator/callbacks/rule.ts'
import { receipt, startPosting } from '../helpers/callbackPosting.ts'
import { startReceiver } from '../helpers/callbackReceiver.ts'

const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 5_000, interval: 5 })

test('rules change what receipts say, for some, so often, by chance', async () => {
  const receiver = await startReceiver()
  const { simulator, send } = await startPosting({}, receiver)
  const [first, second] = simulator.templates
  const other = { touser: simulator.userAt(1).openid }
  const statuses = async (rule: CallbackRule, messages: object[]) => {
    receiver.posts.length = 0
    const added = simulator.addCallbackRule(rule)
    for (const message of messages) {
      await send(message)
      await simulator.callbacksSettled()
    }
    added.remove()
    return receiver.events().map(({ Status, MsgID }) => (MsgID === '0' ? `${Status} 0` : Status))
  }
  expect(await statuses({ status: 'failed: system failed', after: 1, times: 1 }, [{}, {}, {}])).toEqual([
    'success',
    'failed: system failed',
    'success',
  ])
  const match = { openid: simulator.userAt(1).openid }
  expect(await statuses({ status: 'failed:freq limit', match }, [{}, other])).toEqual([
    'success',
    'failed:freq limit',
  ])
  expect(await statuses({ withoutMsgid: true, match }, [{}, other])).toEqual(['success', 'success 0'])
  expect(await statuses({ never: true, match }, [{}, other])).toEqual(['success'])
  expect(await statuses({ status: 'odd', match: { templateId: second?.templateId ?? '' } }, [{}])).toEqual([
    'success',
  ])
  expect(await statuses({ status: 'odd', match: { templateId: first?.templateId ?? '' } }, [{}])).toEqual([
    'odd',
  ])
  const some = await statuses({ status: 'odd', probability: 0.5 }, Array(30).fill({}))
  expect(some.filter((status) => status === 'odd').length).toBeGreaterThan(5)
  expect(some.filter((status) => status === 'odd').length).toBeLessThan(25)
  expect(() => simulator.addCallbackRule({ copies: -1 })).toThrow('copies: expected a whole number from 0')
})

test('a rule about one kind of event leaves the others alone', async () => {
  const receiver = await startReceiver()
  const { simulator, send, openid } = await startPosting({}, receiver)
  simulator.addCallbackRule({ event: 'unsubscribe', never: true })
  simulator.addCallbackRule({ status: 'odd', times: 1 })
  simulator.unfollow(openid)
  simulator.follow(openid)
  await send()
  await simulator.callbacksSettled()
  expect(
    receiver
      .events()
      .map(({ Event, Status }) => `${Event} ${Status}`)
      .sort(),
  ).toEqual(['TEMPLATESENDJOBFINISH odd', 'subscribe undefined'])
})

test('an event can come several times, late, or after those that came later', async () => {
  const receiver = await startReceiver()
  const { simulator, raise } = await startPosting({ concurrency: 1 }, receiver)
  const order = () => receiver.events().map(({ MsgID }) => MsgID)
  simulator.addCallbackRule({ copies: 2, times: 1 })
  raise(1)
  await simulator.callbacksSettled()
  expect(order()).toEqual(['1', '1', '1'])
  expect(new Set(receiver.posts.map(({ text, query }) => `${query}${text}`)).size).toBe(1)
  expect(simulator.stats().callbacks.events[receipt]).toEqual({
    raised: 1,
    copies: 2,
    posts: 3,
    retries: 0,
    acknowledged: 3,
    dropped: 0,
  })

  simulator.addCallbackRule({ overtakenBy: 2, times: 1 })
  for (const n of [2, 3, 4]) raise(n)
  await simulator.callbacksSettled()
  expect(order().slice(3)).toEqual(['3', '4', '2'])

  simulator.addCallbackRule({ delayMs: 40, times: 1 })
  for (const n of [5, 6]) raise(n)
  await simulator.callbacksSettled()
  expect(order().slice(6)).toEqual(['6', '5'])
})

test('a receipt can be there before the send call is answered', async () => {
  let isAnswered = false
  const receiver = await startReceiver(async (response) => {
    await until(() => simulator.stats().inFlight.now === 1)
    response.end('success')
    receivedBefore = !isAnswered
  })
  let receivedBefore = false
  const { simulator, send } = await startPosting({ receiptDelayMs: 10_000 }, receiver)
  simulator.addCallbackRule({ beforeAnswer: true, times: 1 })
  const msgid = await send()
  isAnswered = true
  expect(receivedBefore).toBe(true)
  expect(receiver.events()).toMatchObject([{ MsgID: msgid }])
})
