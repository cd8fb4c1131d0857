import { afterEach, describe, expect, test, vi } from 'vitest'
import { compileWrite } from '../../src/db/sqlite/engine/statement.ts'
import { pushes } from '../../src/db/sqlite/pushes/tables.ts'
import { type CallbackStack, openCallbackStack } from '../helpers/callbackStack.ts'
import { callbackAccount, previousAesKey } from '../helpers/seal.ts'

const { appid, token, encodingAesKey } = callbackAccount
let stack: CallbackStack
afterEach(() => stack.close())

async function open(mode: 'plain' | 'compatible' | 'safe') {
  const keys = mode === 'plain' ? [] : [encodingAesKey]
  stack = await openCallbackStack({ keys })
  const { simulator, server } = stack
  const url = `${server.url}/wechat/callback`
  const key = mode === 'plain' ? {} : { encodingAesKey }
  const check = await simulator.setCallback({
    url,
    token,
    mode,
    ...key,
    receiptDelayMs: 20,
    retryDelayMs: 50,
  })
  expect(check).toEqual({ ok: true })
  server.work()
  return stack
}

/** Sends as the worker does: the row follows the answer. */
async function send(id: string, openid: string): Promise<void> {
  const { simulator, api, server } = stack
  const templateId = simulator.templates.find(({ title }) => title === '测试消息')?.templateId ?? ''
  const data = { data1: '1', data2: '2' }
  const { msgid } = await api.sendTemplate({ openid, templateId, data, clientMsgId: id })
  const now = Date.now()
  const row = {
    id,
    appid,
    openid,
    templateId,
    msgid,
    status: 'sent' as const,
    attempts: 1,
    generation: 0,
    message: '{}',
  }
  const insert = server.db.read.insert(pushes).values({ ...row, createdAt: now, sentAt: now })
  await server.db.write([compileWrite(insert).once({})])
}

const statusOf = (id: string) =>
  stack.server.db.read.query.pushes
    .findMany()
    .sync()
    .find((row) => row.id === id)?.status
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 5_000, interval: 10 })

describe.each(['plain', 'compatible', 'safe'] as const)('WeChat in %s mode', (mode) => {
  test('passes the URL check, tells who comes and goes and what became of messages', async () => {
    const { simulator, followers } = await open(mode)
    const stays = simulator.follow()
    const leaves = simulator.follow()
    await until(async () => (await followers.counts()).withUnionid === 2)
    await send('p', stays.openid)
    simulator.setBlocking(leaves.openid, true)
    await send('blocked', leaves.openid)
    simulator.unfollow(leaves.openid)
    await until(() => statusOf('p') === 'delivered' && statusOf('blocked') === 'undelivered')
    await until(async () => (await followers.counts()).unsubscribed === 1)
    await simulator.callbacksSettled()
    const { events, lastProblem } = simulator.stats().callbacks
    expect(lastProblem).toBeNull()
    expect(events.TEMPLATESENDJOBFINISH).toMatchObject({ acknowledged: 2, retries: 0 })
  })
})

test('repeats, receipts before their answer, without msgid and out of order all end the right push', async () => {
  const { simulator, server, followers } = await open('safe')
  const people = Array.from({ length: 20 }, () => simulator.follow())
  await until(async () => (await followers.counts()).withUnionid === 20)
  simulator.addCallbackRule({ copies: 2, event: 'TEMPLATESENDJOBFINISH', times: 5 })
  simulator.addCallbackRule({ beforeAnswer: true, times: 5 })
  simulator.addCallbackRule({ withoutMsgid: true, times: 5 })
  simulator.addCallbackRule({ overtakenBy: 2, event: 'TEMPLATESENDJOBFINISH', times: 5 })
  for (const [n, { openid }] of people.entries()) await send(`p${n}`, openid)
  await until(() => people.every((_, n) => statusOf(`p${n}`) === 'delivered'))
  expect(server.db.read.query.unmatchedReceipts.findMany().sync()).toEqual([])
})

test('a server that was away gets the event with the next try', async () => {
  const { simulator, server, followers } = await open('plain')
  await server.db.write([
    {
      sql: `CREATE TRIGGER broken BEFORE INSERT ON callback_events BEGIN SELECT raise(FAIL, 'no'); END`,
      params: [],
    },
  ])
  simulator.follow()
  await until(() => simulator.stats().callbacks.lastProblem !== null)
  await server.db.write([{ sql: 'DROP TRIGGER broken', params: [] }])
  await until(async () => (await followers.counts()).subscribed === 1)
  expect(simulator.stats().callbacks.events.subscribe?.retries).toBeGreaterThan(0)
})

test('a wrong token or key fails the check or the messages, and the log says which', async () => {
  stack = await openCallbackStack({ keys: [encodingAesKey] })
  const { simulator, server } = stack
  const url = `${server.url}/wechat/callback`
  expect((await simulator.setCallback({ url, token: 'wrong', encodingAesKey })).ok).toBe(false)
  expect(
    (await simulator.setCallback({ url, token, encodingAesKey: previousAesKey, retryDelayMs: 10 })).ok,
  ).toBe(true)
  simulator.follow()
  await simulator.callbacksSettled()
  expect(Object.fromEntries(server.refusals.counts)).toEqual({ signature: 1, cipher: 3 })
})
