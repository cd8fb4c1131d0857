import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { day } from '../../src/base/duration.ts'
import type { Stores } from '../../src/db/stores.ts'
import type { Webhooks } from '../../src/db/webhooks/webhooks.ts'
import { toPushRecord } from '../../src/push/toPushRecord.ts'
import { startWebhookSender } from '../../src/webhooks/sender.ts'
import { engines } from '../db/engines.ts'
import { toPushRow } from '../db/pushRow.ts'
import { createTestLog } from '../helpers/pushing.ts'
import { startScriptedServer } from '../helpers/scriptedServer.ts'

interface Seen {
  id: string
  type: string
  data: { pushes: { id: string; seq: number; status: string; account: string }[] } & Record<string, unknown>
}

const appid = 'wx1'
const soon = { timeout: 10_000, interval: 10 }
const toSent = (id: string) => ({
  id,
  generation: 0,
  attempts: 1,
  msgid: '1226691075109289985',
  sentAt: 2_000,
})
const toDelivered = (id: string) =>
  ({ id, status: 'delivered', reason: null, detail: null, finishedAt: 3_000 }) as const

/** A receiver that verifies what comes and answers as the test says. */
async function startReceiver(answer: (message: Seen) => number | Promise<number> = () => 204) {
  const key = randomBytes(32)
  const verifier = new Webhook(`whsec_${key.toString('base64')}`)
  const taken: Seen[] = []
  const tried: Seen[] = []
  const server = await startScriptedServer(async (response, { text, headers }) => {
    const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
    verifier.verify(text, Object.fromEntries(signed.map((name) => [name, String(headers[name])])))
    const message: Seen = { ...JSON.parse(text), id: String(headers['webhook-id']) }
    tried.push(message)
    const status = await answer(message)
    if (status < 300) taken.push(message)
    response.writeHead(status).end()
  })
  const records = () => taken.flatMap(({ data }) => data.pushes ?? [])
  return { url: server.base, keys: [key], taken, tried, records, close: server.close }
}

function start(
  database: Stores,
  receiver: { url: string; keys: Buffer[] },
  otherwise: Partial<Webhooks> = {},
) {
  const counts: string[] = []
  const off: string[] = []
  const stop = startWebhookSender(receiver, {
    webhooks: { ...database.webhooks(), ...otherwise },
    leases: database.leases(),
    proxy: { http: undefined, https: undefined, none: undefined },
    language: 'en',
    nameOf: (id) => `shop ${id}`,
    count: (result) => counts.push(result),
    onOff: (detail) => off.push(detail),
    log: createTestLog().log,
  })
  onTestFinished(stop)
  return { counts, off, stop }
}

describe.each(engines)('$name', ({ create }) => {
  test('every outcome is told as its record is, in the order of each push', async () => {
    const { database } = await create()
    const webhooks = database.webhooks()
    await webhooks.turnOn()
    const receiver = await startReceiver()
    const { counts, stop } = start(database, receiver)
    const pushes = database.pushes(appid)
    const ids = Array.from({ length: 250 }, (_, n) => `p${n}`)
    await Promise.all(
      ids.map(async (id) => {
        await pushes.add(toPushRow({ id }))
        await pushes.recordSent(toSent(id))
        await database.write(database.receipts(appid).toSettle([toDelivered(id)]))
      }),
    )
    await database.accountState(appid).pauseByHand({ detail: 'by hand', since: 1_000 })
    await vi.waitUntil(
      () => receiver.records().length >= 500 && receiver.taken.some(({ type }) => type !== 'pushes.updated'),
      soon,
    )
    for (const id of ids) {
      const told = receiver.records().filter((record) => record.id === id)
      expect(told.map(({ seq, status }) => [seq, status])).toEqual([
        [2, 'sent'],
        [3, 'delivered'],
      ])
      const row = await pushes.find(id)
      expect(told[1]).toEqual(row && toPushRecord(row, 'shop wx1'))
    }
    expect(Math.max(...receiver.taken.map(({ data }) => data.pushes?.length ?? 0))).toBeLessThanOrEqual(100)
    expect(receiver.taken.find(({ type }) => type === 'account.paused')?.data).toMatchObject({
      account: 'shop wx1',
      reason: 'manual',
      since: '1970-01-01T00:00:01.000Z',
    })
    await vi.waitUntil(async () => (await webhooks.findChanges(0, 1)).length === 0, soon)
    expect(new Set(counts)).toEqual(new Set(['delivered']))
    expect(counts).toHaveLength(receiver.taken.length)
    expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(receiver.taken.length)
    await stop()
  })

  test('a message that is not taken holds back later changes of its pushes, and of no other', async () => {
    const { database } = await create()
    const webhooks = database.webhooks()
    await webhooks.turnOn()
    let isAngry = true
    const receiver = await startReceiver(({ data }) =>
      isAngry && data.pushes.some(({ id }) => id === 'bad') ? 500 : 200,
    )
    const pushes = database.pushes(appid)
    await pushes.add(toPushRow({ id: 'bad' }))
    await pushes.recordSent(toSent('bad'))
    const { counts } = start(database, receiver)
    await vi.waitUntil(async () => (await webhooks.list()).length === 1, soon)
    expect(await webhooks.list()).toMatchObject([
      { type: 'pushes.updated', attempts: 1, lastError: 'HTTP 500' },
    ])
    await database.write(database.receipts(appid).toSettle([toDelivered('bad')]))
    for (const id of ['good', 'fine']) {
      await pushes.add(toPushRow({ id }))
      await pushes.recordSent(toSent(id))
      await vi.waitUntil(() => receiver.records().some((record) => record.id === id), soon)
    }
    // What is held back is not even tried.
    expect(receiver.tried.flatMap(({ data }) => data.pushes).filter(({ id }) => id === 'bad')).toHaveLength(1)
    isAngry = false
    await webhooks.retryAll(Date.now())
    await vi.waitUntil(() => receiver.records().filter(({ id }) => id === 'bad').length === 2, soon)
    expect(
      receiver
        .records()
        .filter(({ id }) => id === 'bad')
        .map(({ seq }) => seq),
    ).toEqual([2, 3])
    const [first, second] = receiver.tried.filter(({ data }) => data.pushes.some(({ id }) => id === 'bad'))
    expect(second?.id).toBe(first?.id)
    await vi.waitUntil(async () => (await webhooks.list()).length === 0, soon)
    expect(counts.filter((result) => result === 'failed')).toHaveLength(1)
  })

  test('a receiver that is away is asked by few messages, and gets all when it is back', async () => {
    const { database } = await create()
    const webhooks = database.webhooks()
    await webhooks.turnOn()
    let isAway = true
    const receiver = await startReceiver(() => (isAway ? 503 : 200))
    const pushes = database.pushes(appid)
    const ids = Array.from({ length: 1_500 }, (_, n) => `p${n}`)
    for (const id of ids) await pushes.add(toPushRow({ id, status: 'skipped', finishedAt: 1_000 }))
    start(database, receiver)
    await vi.waitUntil(() => receiver.tried.length >= 4, soon)
    isAway = false
    await vi.waitUntil(() => new Set(receiver.records().map(({ id }) => id)).size === ids.length, soon)
    // Four at once before it was known, then one by one.
    expect(receiver.tried.length - receiver.taken.length).toBeLessThanOrEqual(6)
    await vi.waitUntil(async () => (await webhooks.list()).length === 0, soon)
  })

  test('what nobody takes for three days switches the endpoint off, and nothing is lost meanwhile', async () => {
    const { database } = await create()
    const webhooks = database.webhooks()
    await webhooks.turnOn()
    let status = 500
    const receiver = await startReceiver(() => status)
    const old = { firstAt: Date.now() - 2.9 * day, nextAt: 1, attempts: 11, lastError: 'HTTP 500' }
    const body = '{"type":"pushes.updated","data":{"pushes":[]}}'
    await webhooks.keep({ ...old, id: 'msg_old', type: 'pushes.updated', body, keys: '["wx1 p"]' }, [])
    const { counts, off } = start(database, receiver)
    await vi.waitUntil(() => off.length > 0, soon)
    expect(off).toEqual(['HTTP 500'])
    expect(counts).toEqual(['failed', 'given_up'])
    expect(await webhooks.list()).toMatchObject([{ id: 'msg_old', nextAt: null, attempts: 12 }])
    expect(await webhooks.findEndpoint()).toMatchObject({ offAt: expect.any(Number), offDetail: 'HTTP 500' })
    await database.pushes(appid).add(toPushRow({ id: 'p', status: 'skipped', finishedAt: 1_000 }))
    status = 200
    expect(receiver.tried).toHaveLength(1)
    await webhooks.enable(Date.now())
    await vi.waitUntil(() => receiver.records().length === 1, soon)
    await vi.waitUntil(() => receiver.taken.some(({ id }) => id === 'msg_old'), soon)
  })

  test('a receiver that takes other messages stays on when one is given up', async () => {
    const { database } = await create()
    const webhooks = database.webhooks()
    await webhooks.turnOn()
    const receiver = await startReceiver(({ id }) => (id === 'msg_old' ? 500 : 200))
    const old = { firstAt: Date.now() - 2.9 * day, nextAt: 1, attempts: 11, lastError: 'HTTP 500' }
    await webhooks.recordSuccess(Date.now() - day)
    const body = '{"type":"pushes.updated","data":{"pushes":[]}}'
    await webhooks.keep({ ...old, id: 'msg_old', type: 'pushes.updated', body, keys: '["wx1 p"]' }, [])
    const { counts, off } = start(database, receiver)
    await vi.waitUntil(() => counts.includes('given_up'), soon)
    await database.pushes(appid).add(toPushRow({ id: 'p', status: 'skipped', finishedAt: 1_000 }))
    await vi.waitUntil(() => receiver.records().length === 1, soon)
    expect(off).toEqual([])
  })

  // A database across a network answers late what it read before both ended.
  test.each(['findChanges', 'findDue'] as const)(
    'what ends while %s is answered is not posted once more',
    async (name) => {
      const { database } = await create()
      const webhooks = database.webhooks()
      await webhooks.turnOn()
      const old = { firstAt: Date.now(), nextAt: 1, attempts: 1, lastError: 'HTTP 500' }
      await webhooks.keep({ ...old, id: 'msg_old', type: 'test', body: '{"data":{}}', keys: '[]' }, [])
      const pushes = database.pushes(appid)
      await pushes.add(toPushRow({ id: 'a', status: 'skipped', finishedAt: 1_000 }))
      let answer = () => {}
      const asked = new Promise<void>((resolve) => {
        answer = resolve
      })
      const receiver = await startReceiver(() => asked.then(() => 200))
      const find = async (from: number, limit: number) => {
        const found = await webhooks[name](from, limit)
        if (receiver.tried.length === 2 && found.length > 0) {
          answer()
          await vi.waitUntil(() => counts.length === 2, soon)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return found
      }
      const { counts } = start(database, receiver, { [name]: find })
      await vi.waitUntil(() => counts.length === 2, soon)
      await pushes.add(toPushRow({ id: 'b', status: 'skipped', finishedAt: 1_000 }))
      await vi.waitUntil(() => receiver.records().some(({ id }) => id === 'b'), soon)
      expect(receiver.records().map(({ id }) => id)).toEqual(['a', 'b'])
      expect(receiver.tried.filter(({ id }) => id === 'msg_old')).toHaveLength(1)
    },
  )

  test('of two processes one posts, and the other takes over when it ends', async () => {
    const { database, openAgain } = await create()
    await database.webhooks().turnOn()
    const receiver = await startReceiver()
    const first = start(database, receiver)
    const pushes = database.pushes(appid)
    const tell = async (id: string) => {
      await pushes.add(toPushRow({ id, status: 'skipped', finishedAt: 1_000 }))
      await vi.waitUntil(() => receiver.records().some((record) => record.id === id), soon)
    }
    await tell('a')
    const second = start(await openAgain(), receiver)
    await tell('b')
    expect(second.counts).toEqual([])
    await first.stop()
    await tell('c')
    await vi.waitUntil(() => second.counts.length > 0, soon)
    expect(receiver.records().map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })
})
