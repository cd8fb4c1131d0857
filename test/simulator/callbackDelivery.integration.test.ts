import { expect, test, vi } from 'vitest'
import { receipt, startPosting } from '../helpers/callbackPosting.ts'
import { startReceiver } from '../helpers/callbackReceiver.ts'
import { callbackAccount } from '../helpers/seal.ts'

const { token, encodingAesKey } = callbackAccount
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 5_000, interval: 5 })

test('what is not acknowledged is posted three times in all, the same bytes each time', async () => {
  const answers = [
    [500, 'success'],
    [200, 'fine'],
    [200, ''],
    [302, 'success'],
    [204, ''],
    [200, 'success '],
  ] as const
  const receiver = await startReceiver((response, _, n) => {
    const [status, text] = answers[n - 1] ?? [500, '']
    response.writeHead(status).end(text)
  })
  const { simulator, raise } = await startPosting({ encodingAesKey }, receiver)
  raise(1)
  await simulator.callbacksSettled()
  raise(2)
  await simulator.callbacksSettled()

  expect(receiver.posts).toHaveLength(6)
  for (const first of [0, 3]) {
    const three = receiver.posts.slice(first, first + 3)
    expect(new Set(three.map(({ text, query }) => `${query}${text}`)).size).toBe(1)
  }
  expect([...simulator.events()]).toMatchObject([
    { msgid: '1', posts: 3, outcome: 'acknowledged' },
    { msgid: '2', posts: 3, outcome: 'dropped' },
  ])
  expect(simulator.stats().callbacks).toMatchObject({
    events: { [receipt]: { raised: 2, posts: 6, retries: 4, acknowledged: 1, dropped: 1 } },
    lastProblem: 'answered 200 "success "',
    pending: 0,
  })
})

test('a server that answers late, breaks off, hangs up or talks without end is asked again', async () => {
  const problems: unknown[] = []
  const receiver = await startReceiver((response, _, n) => {
    problems.push(simulator.stats().callbacks.lastProblem)
    if (n === 1) return response.flushHeaders()
    if (n === 2) return response.socket?.resetAndDestroy()
    if (n === 3) {
      response.writeHead(200, { 'content-length': 7 }).write('suc')
      return setTimeout(() => response.socket?.destroy(), 5)
    }
    return response.end(n === 4 ? 'x'.repeat(200_000) : 'success')
  })
  const { simulator, raise } = await startPosting({ timeoutMs: 300 }, receiver)
  raise(1)
  await simulator.callbacksSettled()
  raise(2)
  await simulator.callbacksSettled()
  expect(problems).toEqual([
    null,
    'no answer within 300 ms',
    expect.stringMatching(/ECONNRESET|socket hang up/),
    'aborted',
    'the answer is too long',
  ])
  expect([...simulator.events()].map(({ outcome }) => outcome)).toEqual(['dropped', 'acknowledged'])
})

test('a server that keeps failing gets nothing for a minute, and what happens then is lost', async () => {
  let isBroken = true
  const receiver = await startReceiver((response) => response.writeHead(isBroken ? 500 : 200).end())
  const { simulator, raise } = await startPosting({ pauseAfter: 2 }, receiver)
  const settled = async (n: number) => {
    raise(n)
    await simulator.callbacksSettled()
    return receiver.posts.length
  }
  expect([await settled(1), simulator.callback()?.isPaused]).toEqual([3, false])
  expect([await settled(2), simulator.callback()?.isPaused]).toEqual([6, true])
  isBroken = false
  expect(await settled(3)).toBe(6)
  simulator.advance(59_999)
  expect(await settled(4)).toBe(6)
  simulator.advance(1)
  expect([await settled(5), simulator.callback()?.isPaused]).toEqual([7, false])
  expect(simulator.stats().callbacks).toMatchObject({
    pauses: 1,
    events: { [receipt]: { raised: 5, posts: 7, acknowledged: 1, dropped: 4 } },
  })
})

test('posts under way when the pause begins do not begin another', async () => {
  const waiting: (() => void)[] = []
  const receiver = await startReceiver((response) => void waiting.push(() => response.writeHead(500).end()))
  const { simulator, raise } = await startPosting({ pauseAfter: 1 }, receiver)
  for (const n of [1, 2, 3]) raise(n)
  for (let tries = 0; tries < 3; tries++) {
    await until(() => waiting.length === 3)
    for (const answer of waiting.splice(0)) answer()
  }
  await simulator.callbacksSettled()
  expect(simulator.stats().callbacks.pauses).toBe(1)
})

test('one acknowledged event between failing ones, or pauseMs 0, and there is no pause', async () => {
  const receiver = await startReceiver((response, { text }) =>
    response.writeHead(text.includes('<MsgID>500') ? 500 : 200).end(),
  )
  const { simulator, raise } = await startPosting({ pauseAfter: 2 }, receiver)
  const settled = async (msgids: string[]) => {
    for (const msgid of msgids) {
      raise(0, msgid)
      await simulator.callbacksSettled()
    }
    return simulator.stats().callbacks.pauses
  }
  expect(await settled(['500', '200', '500', '200', '500'])).toBe(0)
  expect(await settled(['500'])).toBe(1)
  await simulator.setCallback({ url: receiver.url, token, pauseAfter: 1, pauseMs: 0, retryDelayMs: 0 })
  expect(await settled(['500', '500', '200'])).toBe(1)
  expect([...simulator.events()].at(-1)?.outcome).toBe('acknowledged')
})

test('so many are posted at once, over connections that are kept', async () => {
  const waiting: (() => void)[] = []
  const receiver = await startReceiver((response) => void waiting.push(() => response.end('success')))
  const { simulator, raise } = await startPosting({ concurrency: 4 }, receiver)
  for (let n = 0; n < 20; n++) raise(0, `${n}`)
  for (let answered = 0; answered < 20; answered += 4) {
    await until(() => waiting.length === 4)
    expect(receiver.posts).toHaveLength(answered + 4)
    for (const answer of waiting.splice(0)) answer()
  }
  await simulator.callbacksSettled()
  expect(receiver.connections()).toBeLessThanOrEqual(5)
  expect(
    receiver
      .events()
      .map(({ MsgID }) => Number(MsgID))
      .slice(0, 4),
  ).toEqual([0, 1, 2, 3])
})

test('an unfollow waits until the follow before it is acknowledged, other people do not', async () => {
  const waiting: (() => void)[] = []
  const receiver = await startReceiver((response) => void waiting.push(() => response.end('success')))
  const { simulator, openid } = await startPosting({}, receiver)
  simulator.unfollow(openid)
  simulator.follow(openid)
  simulator.unfollow(simulator.userAt(1).openid)
  await until(() => waiting.length === 2)
  const told = () => receiver.events().map(({ FromUserName, Event }) => [FromUserName, Event])
  expect(told()).toEqual([
    [openid, 'unsubscribe'],
    [simulator.userAt(1).openid, 'unsubscribe'],
  ])
  waiting[0]?.()
  await until(() => waiting.length === 3)
  expect(told()[2]).toEqual([openid, 'subscribe'])
  for (const answer of waiting) answer()
  await simulator.callbacksSettled()
})

test('closing ends what is under way, waits or is still to come', async () => {
  const receiver = await startReceiver(() => {})
  const { simulator, raise, send } = await startPosting(
    {
      concurrency: 1,
      receiptDelayMs: 60_000,
      retryDelayMs: 60_000,
    },
    receiver,
  )
  raise(1)
  raise(2)
  await send()
  simulator.addCallbackRule({ delayMs: 60_000, overtakenBy: 1, times: 1 })
  raise(3)
  simulator.addCallbackRule({ beforeAnswer: true })
  const held = send().catch((error: unknown) => error)
  await until(() => receiver.posts.length === 1 && simulator.stats().callbacks.pending === 5)
  const startedAt = performance.now()
  await simulator.close()
  expect(performance.now() - startedAt).toBeLessThan(20_000)
  await held
  expect([...simulator.events()].map(({ outcome }) => outcome)).toEqual(Array(5).fill('dropped'))
  expect(receiver.posts).toHaveLength(1)
})

test('latencies of acknowledged posts are told', async () => {
  const receiver = await startReceiver((response, _, n) =>
    n === 10 ? setTimeout(() => response.end('success'), 1_000) : response.end('success'),
  )
  const { simulator, raise } = await startPosting({ concurrency: 1 }, receiver)
  expect(simulator.stats().callbacks.latencyMs).toEqual({ p50: null, p99: null, max: null })
  for (let n = 0; n < 10; n++) raise(n)
  await simulator.callbacksSettled()
  const { p50, p99, max } = simulator.stats().callbacks.latencyMs
  expect(p50).toBeLessThan(500)
  expect(p99).toBe(max)
  expect(max).toBeGreaterThan(990)
})
