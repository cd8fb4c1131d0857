import { beforeEach, describe, expect, test } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import type { PushRows } from '../../src/db/pushes.ts'
import type { Stores } from '../../src/db/stores.ts'
import {
  toRanges,
  type WebhookChange,
  type WebhookDelivery,
  type Webhooks,
} from '../../src/db/webhooks/webhooks.ts'
import { toPushRecord } from '../../src/push/toPushRecord.ts'
import { toRecipientRecord } from '../../src/push/toRecipientRecord.ts'
import { engines, type TestDatabase } from './engines.ts'
import { toPushRow } from './pushRow.ts'

const appid = 'wx1'
const acceptance = { id: 'p', generation: 0, attempts: 1, msgid: '1226691075109289985', sentAt: 2_000 }
const settlement = { id: 'p', status: 'delivered', reason: null, detail: null, finishedAt: 3_000 } as const
const broadcast = {
  id: 'b1',
  name: null,
  templateId: 't1',
  message: '{}',
  rate: null,
  window: null,
  canaryShare: null,
  maxFailures: 0.2,
  createdAt: 1_000,
  startAt: null,
  expiresAt: null,
}
const sentTo = {
  openid: 'o1',
  status: 'sent',
  reason: null,
  detail: null,
  msgid: '12266910751092899',
  errcode: null,
  errmsg: null,
  rid: null,
  attempts: 1,
  generation: 0,
  sentAt: 5_000,
  finishedAt: 5_000,
  wasRetried: false,
} as const
const failed: WebhookDelivery = {
  id: 'msg_1',
  type: 'pushes.updated',
  body: '{}',
  keys: '["wx1 p"]',
  attempts: 1,
  firstAt: 1_000,
  nextAt: 6_000,
  lastError: 'HTTP 500',
}

describe.each(engines)('$name', ({ create }) => {
  let made: TestDatabase
  let database: Stores
  let pushes: PushRows
  let webhooks: Webhooks
  beforeEach(async () => {
    made = await create()
    database = made.database
    pushes = database.pushes(appid)
    webhooks = database.webhooks()
  })
  const all = () => webhooks.findChanges(0, 1_000)
  const brief = async () =>
    (await all()).map(({ type, key, data }) => ({ type, key, status: JSON.parse(data).status }))

  test('nothing is stored while nobody wants to be told', async () => {
    await pushes.add(toPushRow())
    await pushes.recordSent(acceptance)
    await database.accountState(appid).pauseByHand({ detail: 'by hand', since: 1 })
    expect(await all()).toEqual([])
    expect(await webhooks.findEndpoint()).toBeUndefined()
    await webhooks.turnOn()
    await webhooks.turnOff()
    await database.write(database.receipts(appid).toSettle([settlement]))
    expect(await all()).toEqual([])
  })

  test('every change to sent or to an end is stored with it, as the record was then', async () => {
    await webhooks.turnOn()
    const records: unknown[] = []
    const step = async (change: () => Promise<unknown>) => {
      const before = (await all()).length
      await change()
      const after = await all()
      const row = await pushes.find('p')
      if (after.length > before && row) records.push(toPushRecord(row, appid))
      return after.length - before
    }
    const handedOver = JSON.stringify({
      v: 1,
      id: 'p',
      templateId: 't',
      data: {},
      next: [{ appid: 'wx2', name: 'shop', templateId: 't', data: {} }],
    })
    expect(await step(() => pushes.add(toPushRow()))).toBe(0)
    expect(await step(() => pushes.record(toPushRow({ status: 'queued', reason: 'retry' })))).toBe(0)
    expect(await step(() => pushes.recordSent(acceptance))).toBe(1)
    expect(await step(() => pushes.recordSent(acceptance))).toBe(0)
    expect(await step(() => database.write(database.receipts(appid).toSettle([settlement])))).toBe(1)
    expect(await step(() => pushes.recordResent([{ id: 'p', generation: 0, jobId: null }]))).toBe(0)
    const rejected = {
      generation: 1,
      status: 'rejected',
      reason: 'data_invalid',
      detail: 'data.thing5 is "24" \\ characters\n',
      errcode: 47003,
      errmsg: '引号"',
      rid: '6-7',
      openid: null,
      finishedAt: 5_000,
    } as const
    expect(await step(() => pushes.record(toPushRow(rejected)))).toBe(1)
    expect(await step(() => pushes.recordResent([{ id: 'p', generation: 1, jobId: null }]))).toBe(0)
    expect(await step(() => pushes.cancel('p', 6_000))).toBe(1)
    expect(records).toHaveLength(4)
    expect((await all()).map(toRecord)).toEqual(records)

    // A push may end without ever having been under way.
    await pushes.add(
      toPushRow({
        id: 'q',
        status: 'skipped',
        reason: 'handed_over',
        message: handedOver,
        unionid: null,
        finishedAt: 7_000,
      }),
    )
    const change = (await all()).at(-1)
    const row = await pushes.find('q')
    expect(row && toPushRecord(row, appid)).toMatchObject({ next: 'shop' })
    expect(change && toRecord(change)).toEqual(row && toPushRecord(row, appid))
    const seqs = (await all()).filter(({ key }) => key === 'p').map(({ data }) => JSON.parse(data).seq)
    expect(seqs).toEqual([3, 4, 6, 8])
  })

  test('a database whose triggers a newer version has taken away tells on, whoever opens it', async () => {
    const { openAgain, query } = made
    const changed = 'pushes_told_changed'
    await webhooks.turnOn()
    await pushes.add(toPushRow())
    const isSqlite = database.engine === 'sqlite'
    await query(isSqlite ? `DROP TRIGGER ${changed}` : `ALTER TABLE pushes DISABLE TRIGGER ${changed}`)
    const opened = await openAgain()
    await opened.pushes(appid).recordSent(acceptance)
    expect(await all()).toMatchObject([{ key: 'p', sentAt: 2_000 }])
  })

  test('many that end at once are stored one by one', async () => {
    await webhooks.turnOn()
    for (let n = 0; n < 3; n += 1) {
      const held = { heldFor: 'u1', heldAt: 1, place: n, expiresAt: 5 }
      await pushes.add(toPushRow({ id: `h${n}`, status: 'queued', reason: 'hold', ...held }))
    }
    await database.heldPushes(appid).expire(6)
    expect((await brief()).map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped'])
  })

  test('so is what happens to the account and to its syncs', async () => {
    await webhooks.turnOn()
    const state = database.accountState(appid)
    await state.pause({ reason: 'ip_not_allowed', detail: 'why', since: 1_000, probeAt: 6_000 })
    await state.pause({ reason: 'ip_not_allowed', detail: 'again', since: 2_000, probeAt: 7_000 })
    await state.resume()
    await state.resume()
    await state.pauseByHand({ detail: 'by hand', since: 3_000 })
    const lease = { lease: 'sync', owner: 'me' }
    const runs = database.syncRuns(appid)
    await database.leases().acquire('sync', 'me', 60_000)
    for (const [status, error] of [
      ['complete', null],
      ['interrupted', 'stopped on request; the next sync goes on from here'],
      ['interrupted', toStored(say('sync.stopped_on_request'))],
      ['interrupted', 'WeChat is away'],
    ] as const) {
      const { id } = await runs.begin({ full: false, now: 1_000, resumableSince: 0 })
      await runs.finish({ id, ...lease }, { status, error, finishedAt: 2_000 })
    }
    const told = (await all()).map(({ type, key, data }) => ({ type, key, ...JSON.parse(data) }))
    const paused = { type: 'account.paused', key: null }
    expect(told).toEqual([
      { ...paused, reason: 'ip_not_allowed', detail: 'why', since: 1_000, probeAt: 6_000 },
      { type: 'account.resumed', key: null, reason: 'ip_not_allowed', since: 1_000 },
      { ...paused, reason: 'manual', detail: 'by hand', since: 3_000, probeAt: null },
      {
        type: 'sync.failed',
        key: null,
        runId: expect.any(Number),
        status: 'interrupted',
        error: 'WeChat is away',
      },
    ])
  })

  test('what no row changes for is told too, and not where nothing is', async () => {
    const change = { type: 'sync.failed', appid, data: '{"runId":null}', at: 1_000 }
    await webhooks.tell(change)
    expect(await all()).toEqual([])
    await webhooks.turnOn()
    await webhooks.tell(change)
    expect(await all()).toMatchObject([{ ...change, key: null }])
  })

  test('so is what becomes of a broadcast, and of each of its recipients', async () => {
    const broadcasts = database.broadcasts(appid)
    await webhooks.turnOn()
    const no = await broadcasts.draft({ ...broadcast, audience: { kind: 'file', name: 'f.csv' } })
    const who = { openid: null, unionid: 'u1', isByUnionid: true, columns: null }
    await broadcasts.addRecipients(no, [{ seq: 1, ...who }])
    await broadcasts.publish(no, { status: 'running', selected: 1, isFilled: true, canarySize: null })
    await broadcasts.record(no, [{ seq: 1, ...sentTo }])
    const row = await broadcasts.find('b1')
    const recipient = row && (await broadcasts.findRecipient(row, 'u1'))
    const [change] = await all()
    expect(change && toRecord(change)).toEqual(row && recipient && toRecipientRecord(row, recipient, appid))
    if (row) await broadcasts.change(row, { status: 'paused', reason: 'manual', detail: 'by hand' })
    const paused = await broadcasts.find('b1')
    if (paused) await broadcasts.change(paused, { status: 'cancelled', reason: null, detail: null })
    const told = (await all()).slice(1).map(({ type, data }) => ({ type, ...JSON.parse(data) }))
    expect(told).toMatchObject([
      { type: 'broadcast.paused', id: 'b1', status: 'paused', reason: 'manual', detail: 'by hand' },
      { type: 'broadcast.finished', id: 'b1', status: 'cancelled', reason: null },
    ])
  })

  test('a message that is not taken stands for the changes it tells of, until it is taken or given up', async () => {
    await webhooks.turnOn()
    for (const id of ['a', 'b', 'c']) await pushes.add(toPushRow({ id, status: 'skipped', finishedAt: 1 }))
    const [a, b, c] = await all()
    if (!a || !b || !c) throw new Error('three changes')
    await webhooks.keep(failed, [a, c])
    expect((await brief()).map(({ key }) => key)).toEqual(['b'])
    expect(await webhooks.findChanges(b.n, 10)).toEqual([])
    expect(await webhooks.findDue(5_999, 10)).toEqual([])
    expect(await webhooks.findDue(6_000, 10)).toEqual([failed])
    expect(await webhooks.findWaiting()).toEqual([{ id: 'msg_1', keys: failed.keys }])
    await webhooks.recordTry({ id: 'msg_1', attempts: 2, firstAt: 1_000, nextAt: null, lastError: 'slow' })
    expect(await webhooks.findDue(9_000, 10)).toEqual([])
    expect(await webhooks.findWaiting()).toEqual([])
    const { body, keys, ...shown } = failed
    expect(await webhooks.list()).toEqual([{ ...shown, attempts: 2, nextAt: null, lastError: 'slow' }])
    expect(await webhooks.retryAll(10_000)).toBe(1)
    expect(await webhooks.findDue(10_000, 10)).toMatchObject([{ attempts: 0, firstAt: 10_000 }])
    await webhooks.drop('msg_1')
    expect(await webhooks.list()).toEqual([])
    await webhooks.dropChanges([b])
    expect(await all()).toEqual([])
  })

  test('an endpoint that is off stays so until somebody turns it on', async () => {
    await webhooks.turnOn()
    await webhooks.keep({ ...failed, nextAt: null }, [])
    await webhooks.switchOff(5_000, 'HTTP 500')
    await webhooks.turnOn()
    expect(await webhooks.findEndpoint()).toEqual({ offAt: 5_000, offDetail: 'HTTP 500', succeededAt: null })
    await webhooks.recordSuccess(7_000)
    await webhooks.enable(8_000)
    expect(await webhooks.findEndpoint()).toEqual({ offAt: null, offDetail: null, succeededAt: 7_000 })
    expect(await webhooks.findDue(8_000, 1)).toHaveLength(1)
  })

  test('records are told again as they are now, those that came there since a time', async () => {
    for (let n = 0; n < 2_500; n += 1) {
      await pushes.add(
        toPushRow({ id: `p${n}`, status: 'skipped', reason: 'expired', finishedAt: 1_000 + n }),
      )
    }
    await pushes.add(toPushRow())
    await pushes.recordSent({ ...acceptance, sentAt: 9_000 })
    await webhooks.turnOn()
    expect(await webhooks.repeat(appid, 1_001)).toBe(2_500)
    const changes = await webhooks.findChanges(0, 5_000)
    expect(new Set(changes.map(({ key }) => key)).size).toBe(2_500)
    const row = await pushes.find('p')
    expect(changes.filter(({ key }) => key === 'p').map(toRecord)).toEqual([row && toPushRecord(row, appid)])
    expect(await webhooks.repeat('wx2', 0)).toBe(0)
  })

  test('those of recipients of broadcasts are told again, too', async () => {
    const broadcasts = database.broadcasts(appid)
    const no = await broadcasts.draft({ ...broadcast, audience: { kind: 'file', name: 'f.csv' } })
    const count = 1_003
    const people = Array.from({ length: count }, (_, n) => ({
      ...{ seq: n + 1, openid: `o${n}`, unionid: n === 7 ? 'u7' : null },
      ...{ isByUnionid: n === 7, columns: null },
    }))
    await broadcasts.addRecipients(no, people)
    await broadcasts.publish(no, { status: 'running', selected: count, isFilled: true, canarySize: null })
    const ends = people.slice(0, -1).map(({ seq, openid }) => {
      const at = seq === 1 ? 119_999 : 120_000
      return broadcasts.record(no, [{ ...sentTo, seq, openid, msgid: `${seq}`, sentAt: at, finishedAt: at }])
    })
    await Promise.all(ends)
    await webhooks.turnOn()
    expect(await webhooks.repeat(appid, 120_000)).toBe(count - 2)
    const changes = await webhooks.findChanges(0, 5_000)
    expect(new Set(changes.map(({ key }) => key)).size).toBe(count - 2)
    const row = await broadcasts.find('b1')
    const recipient = row && (await broadcasts.findRecipient(row, 'u7'))
    const told = changes.filter(({ key }) => key === 'b1:u7').map(toRecord)
    expect(told).toEqual([row && recipient && toRecipientRecord(row, recipient, appid)])
    expect(await webhooks.repeat(appid, 120_001)).toBe(0)
    expect(await webhooks.repeat(appid, 180_000)).toBe(0)
    expect(await webhooks.repeat('wx2', 0)).toBe(0)
  })

  test('what is too old to be told is deleted', async () => {
    await webhooks.turnOn()
    for (const n of [1, 2, 3]) await pushes.add(toPushRow({ id: `p${n}`, status: 'skipped', finishedAt: n }))
    await webhooks.keep({ ...failed, nextAt: null, firstAt: 1 }, [])
    await webhooks.keep({ ...failed, id: 'msg_2', firstAt: 1 }, [])
    expect(await webhooks.purge(3, 10)).toBe(2)
    expect((await all()).map(({ key }) => key)).toEqual(['p3'])
    expect((await webhooks.list()).map(({ id }) => id)).toEqual(['msg_2'])
  })
})

test('numbers that follow one another are ranges', () => {
  expect(toRanges([1, 2, 3, 5, 7, 8].map((n) => ({ n })))).toEqual([
    [1, 3],
    [5, 5],
    [7, 8],
  ])
})

/** The record that a change tells of. */
function toRecord({ appid: account, data, createdAt, sentAt, finishedAt }: WebhookChange): unknown {
  const toIso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
  return {
    account,
    ...JSON.parse(data),
    createdAt: toIso(createdAt),
    sentAt: toIso(sentAt),
    finishedAt: toIso(finishedAt),
  }
}
