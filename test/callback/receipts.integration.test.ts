import { afterEach, describe, expect, test, vi } from 'vitest'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { compileWrite } from '../../src/db/sqlite/engine/statement.ts'
import { pushes } from '../../src/db/sqlite/pushes/tables.ts'
import { type CallbackServer, openCallbackServer } from '../helpers/callbackServer.ts'
import { callbackAccount, eventXml } from '../helpers/seal.ts'
import { addSentPushes } from '../helpers/sentPushes.ts'

const { appid } = callbackAccount
const openid = 'oMgHVjngRipVsoxg6TuX3vz6glDg'
const msgid = '1226691075109289985'

let server: CallbackServer
let advanced = 0
const now = () => Date.now() + advanced
const open = async (options: Parameters<typeof openCallbackServer>[0] = {}) => {
  advanced = 0
  server = await openCallbackServer({ now, ...options })
  return server
}
afterEach(() => server.close())

type Row = typeof pushes.$inferInsert

/** A push as the worker leaves it when WeChat has accepted it. */
async function sent(row: Partial<Row> & { id: string }): Promise<void> {
  const insert = compileWrite(
    server.db.read.insert(pushes).values({
      appid,
      unionid: null,
      openid,
      templateId: 't',
      status: 'sent',
      msgid,
      attempts: 1,
      generation: 0,
      message: '{}',
      createdAt: now(),
      sentAt: now(),
      ...row,
    }),
  )
  await server.db.write([insert.once({})])
}

const receipt = (fields: Record<string, string | number> = {}) =>
  server.post(eventXml('TEMPLATESENDJOBFINISH', { MsgID: msgid, Status: 'success', ...fields }))
const rows = () => server.db.read.query.pushes.findMany().sync()
const row = (id: string) => rows().find((push) => push.id === id)
const unmatched = () => server.db.read.query.unmatchedReceipts.findMany().sync()
const isDone = () => server.stored().every((event) => event.dueAt === null)
/** Until all events that came have been worked on. */
const worked = () => vi.waitUntil(isDone, { interval: 5 })

describe('a receipt', () => {
  test.each([
    ['success', 'delivered', null, null],
    ['failed:user block', 'undelivered', 'user_block', say('receipt.user_block')],
    ['failed: system failed', 'undelivered', 'system_failed', say('receipt.system_failed')],
    ['failed: freq limit', 'undelivered', 'freq_limit', say('receipt.freq_limit')],
    ['failed: Unheard of', 'undelivered', 'other', say('receipt.other', { status: 'failed: Unheard of' })],
  ])('%j ends the push as %s', async (Status, status, reason, detail) => {
    const { work } = await open()
    await sent({ id: 'p' })
    await sent({ id: 'other', msgid: '1226691075109289986' })
    const worker = work()
    expect(await receipt({ Status })).toBe('200 success')
    await worked()
    expect(row('p')).toMatchObject({
      status,
      reason,
      detail: toStored(detail),
      msgid,
      finishedAt: expect.any(Number),
    })
    expect(row('other')).toMatchObject({ status: 'sent', finishedAt: null })
    const count = status === 'delivered' ? 'delivered' : 'undelivered'
    await vi.waitUntil(() => worker.receiptCounts[count] === 1)
  })

  test('that comes again, as the same event or another, changes nothing', async () => {
    const { work, stored } = await open()
    await sent({ id: 'p' })
    const worker = work()
    const CreateTime = Math.floor(now() / 1000)
    await receipt({ CreateTime })
    await receipt({ CreateTime })
    await worked()
    const before = row('p')
    await receipt({ CreateTime: CreateTime + 5, Status: 'failed:user block' })
    await worked()
    expect(row('p')).toEqual(before)
    expect(stored()).toHaveLength(2)
    await vi.waitUntil(() => worker.receiptCounts.repeated === 1)
    expect(worker.receiptCounts).toEqual({ delivered: 1, undelivered: 0, repeated: 1, foreign: 0 })
  })

  test('for a push of another account is not ours', async () => {
    const { work } = await open()
    await sent({ id: 'p', appid: 'wxother' })
    work()
    await receipt()
    await worked()
    expect(row('p')?.status).toBe('sent')
    expect(unmatched()).toHaveLength(1)
  })

  test('that overtakes the record of the send is kept and joined to it', async () => {
    const { work } = await open()
    const worker = work()
    await receipt()
    await worked()
    expect(unmatched()).toHaveLength(1)
    await sent({ id: 'p' })
    await vi.waitUntil(() => row('p')?.status === 'delivered', { timeout: 5_000, interval: 10 })
    await vi.waitUntil(() => unmatched().length === 0)
    await vi.waitUntil(() => worker.receiptCounts.delivered === 1)
  })

  test('is joined also ten minutes later, when the send was recorded after a crash', async () => {
    const { work } = await open()
    work()
    await receipt()
    await worked()
    await sent({ id: 'p' })
    advanced = 10 * minute
    await vi.waitUntil(() => row('p')?.status === 'delivered', { timeout: 5_000, interval: 10 })
  })

  test('for a message of another program is looked at ever more rarely, counted after a day and dropped', async () => {
    const { work } = await open()
    const worker = work()
    await receipt()
    await worked()
    advanced = hour
    await vi.waitUntil(() => (unmatched()[0]?.dueAt ?? 0) > now() + hour - minute, {
      timeout: 5_000,
      interval: 10,
    })
    expect(worker.receiptCounts.foreign).toBe(0)
    advanced = day + second
    await vi.waitUntil(() => unmatched().length === 0, { timeout: 5_000, interval: 10 })
    await vi.waitUntil(() => worker.receiptCounts.foreign === 1)
  })

  test('left by a crashed process is worked on by the next one', async () => {
    const { work } = await open()
    await sent({ id: 'p' })
    await receipt()
    expect(row('p')?.status).toBe('sent')
    work()
    await worked()
    expect(row('p')?.status).toBe('delivered')
  })
})

describe('a receipt without msgid', () => {
  test.each(['0', '', undefined])(
    '(%j) belongs to the newest unanswered push to that user',
    async (MsgID) => {
      const { work } = await open()
      // Asked for later, sent earlier.
      await sent({ id: 'older', msgid: '1', sentAt: now() - minute, createdAt: now() + minute })
      await sent({ id: 'newest', msgid: '2', sentAt: now() - second })
      await sent({ id: 'answered', msgid: '3', status: 'delivered' })
      await sent({ id: 'elsewhere', msgid: '4', openid: 'oOther' })
      work()
      await server.post(
        eventXml('TEMPLATESENDJOBFINISH', { ...(MsgID !== undefined && { MsgID }), Status: 'success' }),
      )
      await worked()
      expect(rows().map(({ id, status }) => [id, status])).toEqual([
        ['older', 'sent'],
        ['newest', 'delivered'],
        ['answered', 'delivered'],
        ['elsewhere', 'sent'],
      ])
    },
  )

  test('finds pushes that were asked for by unionid', async () => {
    const { work, db } = await open()
    const columns = '(appid, openid, unionid, subscribed)'
    await db.write([
      { sql: `INSERT INTO followers ${columns} VALUES (?, ?, 'u', 1)`, params: [appid, openid] },
    ])
    await sent({ id: 'p', unionid: 'u' })
    work()
    await receipt({ MsgID: '0' })
    await worked()
    expect(row('p')?.status).toBe('delivered')
  })

  test('several in one batch end several pushes, the newest first', async () => {
    const { work } = await open()
    for (const n of [1, 2, 3]) await sent({ id: `p${n}`, msgid: `${n}`, sentAt: now() - minute + n })
    const CreateTime = Math.floor(now() / 1000)
    await receipt({ MsgID: '0', CreateTime })
    await receipt({ MsgID: '0', CreateTime: CreateTime + 1, Status: 'failed:user block' })
    work()
    await worked()
    expect(rows().map(({ status }) => status)).toEqual(['sent', 'undelivered', 'delivered'])
  })

  test('does not end a push that was sent long after it, or a day before', async () => {
    const { work } = await open()
    await sent({ id: 'old', msgid: '1', sentAt: now() - day - minute })
    work()
    await receipt({ MsgID: '0' })
    await worked()
    await sent({ id: 'later', msgid: '2', sentAt: now() + hour })
    advanced = hour
    await vi.waitUntil(() => (unmatched()[0]?.dueAt ?? 0) > now(), { timeout: 5_000, interval: 10 })
    expect(rows().map(({ status }) => status)).toEqual(['sent', 'sent'])
  })
})

describe('a push whose msgid WeChat has not told', () => {
  const inReview = {
    msgid: null,
    reason: 'in_review',
    errcode: 40252,
    errmsg: 'in platform review',
    rid: 'r',
  } as const
  /** The next look at receipts that fit no push. */
  const lookAgain = async () => {
    const [first] = unmatched()
    advanced += minute
    await vi.waitUntil(() => unmatched()[0]?.dueAt !== first?.dueAt, { timeout: 5_000, interval: 10 })
  }

  test.each([
    ['success', 'delivered', null],
    ['failed:user block', 'undelivered', 'user_block'],
  ])('is ended by a receipt for its user with a msgid nobody knows (%s)', async (Status, status, reason) => {
    const { work } = await open()
    await sent({ id: 'p', ...inReview, finishedAt: now() })
    const worker = work()
    await receipt({ Status })
    await vi.waitUntil(() => row('p')?.status === status, { timeout: 5_000, interval: 10 })
    expect(row('p')).toMatchObject({ reason, msgid, errcode: null, errmsg: null, rid: null })
    await vi.waitUntil(() => unmatched().length === 0)
    await receipt({ Status, CreateTime: Math.floor(now() / 1000) + 5 })
    await worked()
    await vi.waitUntil(() => worker.receiptCounts.repeated === 1)
  })

  test('is found also when it was asked for by unionid', async () => {
    const { work, db } = await open()
    const columns = '(appid, openid, unionid, subscribed)'
    await db.write([
      { sql: `INSERT INTO followers ${columns} VALUES (?, ?, 'u', 1)`, params: [appid, openid] },
    ])
    await sent({ id: 'p', ...inReview, unionid: 'u' })
    work()
    await receipt()
    await vi.waitUntil(() => row('p')?.status === 'delivered', { timeout: 5_000, interval: 10 })
  })

  test('is one of several: each receipt ends one, the first sent first, and its repeat none', async () => {
    const { work } = await open()
    await sent({ id: 'first', ...inReview, sentAt: now() - minute })
    await sent({ id: 'second', ...inReview, sentAt: now() - second })
    await sent({ id: 'known', msgid: '7' })
    const CreateTime = Math.floor(now() / 1000)
    await receipt({ CreateTime })
    await receipt({ CreateTime: CreateTime + 1 })
    work()
    await vi.waitUntil(() => row('first')?.status === 'delivered', { timeout: 5_000, interval: 10 })
    await vi.waitUntil(() => unmatched().length === 0)
    expect(rows().map(({ id, status }) => [id, status])).toEqual([
      ['first', 'delivered'],
      ['second', 'sent'],
      ['known', 'sent'],
    ])
  })

  test('waits while another try to that user is in doubt, whose receipt it may be', async () => {
    const { work } = await open()
    await sent({ id: 'held', ...inReview, sentAt: now() - minute })
    await sent({ id: 'under way', status: 'sending', msgid: null, sentAt: null, unknownSince: now() })
    work()
    await receipt()
    await worked()
    await lookAgain()
    expect(row('held')?.status).toBe('sent')
    await server.db.write([
      {
        sql: `update pushes set status = 'sent', msgid = ?, sent_at = ? where id = 'under way'`,
        params: [msgid, now()],
      },
    ])
    await lookAgain()
    expect(rows().map(({ status }) => status)).toEqual(['sent', 'delivered'])
  })

  test.each([
    ['another user', { openid: 'oOther' }],
    ['a day ago', { sentAt: Date.now() - day - minute }],
  ])('is not ended by a receipt that cannot be its own (%s)', async (_, more) => {
    const { work } = await open()
    await sent({ id: 'p', ...inReview, ...more })
    work()
    await receipt()
    await worked()
    await lookAgain()
    expect(row('p')?.status).toBe('sent')
  })
})

describe('a push that WeChat failed to deliver', () => {
  const lost = { Status: 'failed: system failed' }

  test('is sent again once if that is wanted, other failures are not', async () => {
    const resent: string[] = []
    const { work } = await open({ resend: async (id) => resent.push(id) })
    await sent({ id: 'lost', msgid: '1' })
    await sent({ id: 'lost twice', msgid: '2', generation: 1 })
    await sent({ id: 'blocked', msgid: '3' })
    work()
    await receipt({ MsgID: '1', ...lost })
    await receipt({ MsgID: '2', ...lost })
    await receipt({ MsgID: '3', Status: 'failed:user block' })
    await worked()
    expect(resent).toEqual(['lost'])
    expect(rows().map(({ status, reason }) => [status, reason])).toEqual([
      ['undelivered', 'system_failed'],
      ['undelivered', 'system_failed'],
      ['undelivered', 'user_block'],
    ])
  })

  test('is sent again also when the queue is away for a while or the receipt overtook the send', async () => {
    const resent: string[] = []
    let isAway = true
    const resend = async (id: string) => {
      if (isAway) throw new Error('the queue does not answer')
      resent.push(id)
    }
    const { work, stored } = await open({ resend })
    work()
    await receipt(lost)
    await vi.waitUntil(() => stored()[0]?.tries === 2, { interval: 5 })
    await sent({ id: 'lost' })
    await vi.waitUntil(() => row('lost')?.status === 'undelivered', { timeout: 5_000, interval: 10 })
    advanced += 5 * second
    await vi.waitUntil(() => stored()[0]?.tries === 3, { timeout: 5_000, interval: 10 })
    isAway = false
    advanced += minute
    await vi.waitUntil(isDone, { timeout: 5_000, interval: 10 })
    expect(resent).toEqual(['lost'])
  })
})

test('receipts wait for a database that cannot be written, and one line says so', async () => {
  const { work, db, lines } = await open()
  await sent({ id: 'p' })
  await receipt()
  await db.write([
    { sql: `CREATE TRIGGER broken BEFORE UPDATE ON pushes BEGIN SELECT raise(FAIL, 'no'); END`, params: [] },
  ])
  const worker = work()
  await vi.waitUntil(() => lines.length > 0)
  worker.wake()
  worker.wake()
  await db.write([{ sql: 'DROP TRIGGER broken', params: [] }])
  await vi.waitUntil(() => row('p')?.status === 'delivered', { timeout: 5_000, interval: 10 })
  await vi.waitUntil(() => lines.length === 2)
  expect(lines.map(({ level }) => level)).toEqual([50, 30])
})

test('thousands of receipts at once all end their pushes', async () => {
  const { work, db, events } = await open()
  const values = Array.from({ length: 3_000 }, (_, n) => `p${n}`)
  await addSentPushes(
    db,
    appid,
    values.map((id) => ({ id, openid })),
  )
  const worker = work()
  const at = 1_764_000_000_000
  await Promise.all(
    values.map((id) =>
      events.record({ kind: 'receipt', openid, at, msgid: id, status: 'success', app: '' }, now()),
    ),
  )
  worker.wake()
  await vi.waitUntil(() => worker.receiptCounts.delivered === 3_000, { timeout: 10_000, interval: 10 })
  expect(new Set(rows().map(({ status }) => status))).toEqual(new Set(['delivered']))
})
