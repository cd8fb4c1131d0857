import { beforeEach, describe, expect, test } from 'vitest'
import type { PushRow, PushRows } from '../../src/db/pushes.ts'
import type { Stores } from '../../src/db/stores.ts'
import { engines } from './engines.ts'
import { toPushRow } from './pushRow.ts'

const acceptance = { id: 'p', generation: 0, attempts: 1, msgid: '1226691075109289985', sentAt: 2_000 }
const collect = async (rows: AsyncIterable<PushRow>) => {
  const ids: string[] = []
  for await (const { id } of rows) ids.push(id)
  return ids
}

describe.each(engines)('$name', ({ create }) => {
  let database: Stores
  let pushes: PushRows
  beforeEach(async () => {
    ;({ database } = await create())
    pushes = database.pushes('wx1')
  })

  describe('a step of a push is written', () => {
    test('over the one before it', async () => {
      expect(await pushes.add(toPushRow())).toBe(true)
      expect(await pushes.record(toPushRow({ status: 'queued', reason: 'retry', attempts: 2 }))).toBe(true)
      expect(await pushes.find('p')).toEqual(
        toPushRow({ status: 'queued', reason: 'retry', attempts: 2, seq: 2 }),
      )
      expect(await pushes.recordSent(acceptance)).toBe(true)
      expect(await pushes.find('p')).toMatchObject({
        status: 'sent',
        reason: null,
        msgid: '1226691075109289985',
        unknownSince: null,
        finishedAt: 2_000,
      })
    })

    test('but not as the first one where there is a row', async () => {
      await pushes.add(toPushRow())
      expect(await pushes.add(toPushRow({ status: 'skipped' }))).toBe(false)
      expect(await pushes.find('p')).toMatchObject({ status: 'sending' })
    })

    test('but not over an end: a worker that was cut off for a while comes too late', async () => {
      await pushes.add(toPushRow())
      await pushes.recordSent(acceptance)
      expect(await pushes.record(toPushRow({ status: 'queued', reason: 'retry' }))).toBe(false)
      expect(await pushes.recordSent({ ...acceptance, msgid: '2' })).toBe(false)
      expect(await pushes.find('p')).toMatchObject({ status: 'sent', msgid: acceptance.msgid })
    })

    test('by whoever gives the push up only while nobody else has written one', async () => {
      const rejected = { status: 'rejected', reason: 'internal_error' } as const
      expect(await pushes.recordUnchanged(toPushRow({ status: 'queued', seq: 0 }))).toBe(true)
      expect(await pushes.record(toPushRow())).toBe(true)
      expect(await pushes.recordUnchanged(toPushRow({ ...rejected, seq: 0 }))).toBe(false)
      expect(await pushes.recordUnchanged(toPushRow({ ...rejected, seq: 1 }))).toBe(false)
      expect(await pushes.find('p')).toMatchObject({ status: 'sending', seq: 2 })
      expect(await pushes.recordUnchanged(toPushRow({ ...rejected, seq: 2 }))).toBe(true)
      expect(await pushes.recordUnchanged(toPushRow({ seq: 3 }))).toBe(false)
      expect(await pushes.recordUnchanged(toPushRow({ generation: 1, seq: 0 }))).toBe(true)
      expect(await pushes.find('p')).toMatchObject({ generation: 1, status: 'sending' })
    })

    test('over the end of an earlier message, never over a newer one', async () => {
      await pushes.add(toPushRow({ status: 'rejected', finishedAt: 1 }))
      expect(await pushes.record(toPushRow({ generation: 1 }))).toBe(true)
      expect(await pushes.record(toPushRow({ generation: 0, status: 'rejected' }))).toBe(false)
      expect(await pushes.recordSent(acceptance)).toBe(false)
      expect(await pushes.find('p')).toMatchObject({ generation: 1, status: 'sending' })
    })
  })

  test('every change of a record counts, whatever its writer believes, and what changes nothing does not', async () => {
    const held = {
      status: 'queued',
      reason: 'hold',
      heldFor: 'u1',
      heldAt: 1,
      place: 1,
      expiresAt: 5,
    } as const
    const settlement = {
      id: 'p',
      status: 'delivered',
      reason: null,
      detail: null,
      finishedAt: 3_000,
    } as const
    const receipts = database.receipts('wx1')
    const steps: (() => Promise<unknown>)[] = [
      () => pushes.add(toPushRow({ seq: 7 })),
      () => pushes.record(toPushRow({ seq: 0, attempts: 2 })),
      () => pushes.recordSent(acceptance),
      () => database.write(receipts.toSettle([settlement])),
      () => pushes.recordResent([{ id: 'p', generation: 0, jobId: null }]),
      () => pushes.record(toPushRow({ generation: 1, status: 'sent', reason: 'in_review' })),
      () => database.write(receipts.toSettle([{ ...settlement, msgid: '5' }])),
      () => pushes.recordResent([{ id: 'p', generation: 1, jobId: null }]),
      () => pushes.cancel('p', 4_000),
      () => pushes.record(toPushRow({ generation: 3, ...held })),
      () => database.heldPushes('wx1').expire(6),
    ]
    const seqs: unknown[] = []
    for (const step of steps) {
      await step()
      seqs.push((await pushes.find('p'))?.seq)
    }
    expect(seqs).toEqual(steps.map((_, n) => n + 1))
    await pushes.add(toPushRow())
    await pushes.record(toPushRow())
    await pushes.recordSent(acceptance)
    await pushes.cancel('p', 9)
    await database.write(receipts.toSettle([settlement]))
    expect(await pushes.find('p')).toMatchObject({ seq: steps.length, status: 'skipped', reason: 'expired' })
  })

  test('a failed push that is sent again is a new message that waits', async () => {
    await pushes.add(toPushRow({ status: 'rejected', reason: 'data_invalid', errcode: 47003, finishedAt: 5 }))
    await pushes.recordResent([{ id: 'p', generation: 0, jobId: 'p.again1' }])
    const waiting = {
      status: 'queued',
      reason: 'retry',
      generation: 1,
      attempts: 0,
      errcode: null,
      finishedAt: null,
    }
    expect(await pushes.find('p')).toMatchObject(waiting)
    await pushes.recordResent([{ id: 'p', generation: 0, jobId: 'p.again1' }])
    expect(await pushes.find('p')).toMatchObject(waiting)
  })

  test('pushes are counted as the history lists them, without what was no push', async () => {
    const rejected = { status: 'rejected', finishedAt: 1 } as const
    await pushes.add(toPushRow({ id: 'a', ...rejected, reason: 'data_invalid', createdAt: 1_000 }))
    await pushes.add(toPushRow({ id: 'b', ...rejected, reason: 'url_invalid', createdAt: 2_000 }))
    await pushes.add(toPushRow({ id: 'c', ...rejected, reason: 'invalid_job', createdAt: 2_000 }))
    await pushes.add(toPushRow({ id: 'd', createdAt: 2_000 }))
    await database.pushes('wx2').add(toPushRow({ id: 'e', appid: 'wx2', ...rejected }))
    expect(await pushes.countPushes({ status: 'rejected' })).toBe(2)
    expect(await pushes.countPushes({ status: 'rejected', since: 1_500 })).toBe(1)
    expect(await pushes.countPushes({ status: 'rejected', until: 1_500 })).toBe(1)
    expect(await pushes.countPushes({ status: 'rejected', reason: 'url_invalid' })).toBe(1)
  })

  describe('the history', () => {
    test('is newest first over any number of pages, also where times are equal', async () => {
      for (let n = 0; n < 1_201; n++)
        await pushes.add(toPushRow({ id: `p${String(n).padStart(4, '0')}`, createdAt: Math.floor(n / 400) }))
      const ids = await collect(pushes.history())
      expect(ids).toHaveLength(1_201)
      expect(ids).toEqual([...ids].sort().reverse())
      expect(await collect(pushes.history({ limit: 501 }))).toEqual(ids.slice(0, 501))
      expect(await collect(pushes.history({ limit: 0 }))).toEqual([])
    })

    test('can be narrowed', async () => {
      await pushes.add(toPushRow({ id: 'a', unionid: 'u2', createdAt: 1 }))
      await pushes.add(toPushRow({ id: 'b', status: 'rejected', reason: 'data_invalid', createdAt: 2 }))
      await pushes.add(toPushRow({ id: 'c', status: 'rejected', reason: 'other', createdAt: 3 }))
      await pushes.add(toPushRow({ id: 'd', templateId: 't2', createdAt: 4 }))
      expect(await collect(pushes.history({ unionid: 'u2' }))).toEqual(['a'])
      expect(await collect(pushes.history({ status: 'rejected' }))).toEqual(['c', 'b'])
      expect(await collect(pushes.history({ status: 'rejected', reason: 'data_invalid' }))).toEqual(['b'])
      expect(await collect(pushes.history({ templateId: 't2' }))).toEqual(['d'])
      expect(await collect(pushes.history({ since: 3 }))).toEqual(['d', 'c'])
    })
  })

  test('outcomes are counted from a moment on, and purged up to one, in parts', async () => {
    for (let n = 0; n < 10; n++) {
      await pushes.add(toPushRow({ id: `s${n}`, status: n < 7 ? 'sent' : 'skipped', finishedAt: n }))
    }
    await pushes.add(toPushRow({ id: 'open', createdAt: 0 }))
    expect(await pushes.countFinished(5)).toMatchObject({ sent: 2, skipped: 3, delivered: 0 })
    expect(await pushes.purge(8, 5)).toBe(5)
    expect(await pushes.purge(8, 5)).toBe(3)
    expect(await pushes.purge(8, 5)).toBe(0)
    expect(await collect(pushes.history())).toEqual(['s9', 's8', 'open'].sort().reverse())
  })

  test('sends are counted when they were made, whatever has become of them since', async () => {
    const now = 1_000_000
    await pushes.add(toPushRow({ id: 'waits', status: 'sent', sentAt: now - 1_000, finishedAt: now - 1_000 }))
    await pushes.add(toPushRow({ id: 'arrived', status: 'delivered', sentAt: now - 900, finishedAt: now }))
    // By WeChat's clock, which is behind ours.
    await pushes.add(
      toPushRow({ id: 'blocked', status: 'undelivered', sentAt: now - 800, finishedAt: now - 3_000 }),
    )
    await pushes.add(toPushRow({ id: 'late', status: 'delivered', sentAt: now - 60_000, finishedAt: now }))
    await pushes.add(toPushRow({ id: 'skipped', status: 'skipped', reason: 'expired', finishedAt: now }))
    expect(await pushes.countSent(now - 2_000)).toBe(3)
  })

  test('messages to one user are counted by template and time, by unionid and by openid, those under way too', async () => {
    const row = (id: string, more: Partial<PushRow>) =>
      pushes.add(toPushRow({ id, templateId: 't', openid: 'o', unionid: 'u', ...more }))
    const sent = (sentAt: number) => ({ status: 'sent', sentAt, finishedAt: sentAt }) as const
    await row('old', sent(1_000))
    await row('a', sent(5_000))
    await row('b', { ...sent(6_000), status: 'undelivered', reason: 'other' })
    await row('c', { ...sent(6_000), unionid: null })
    await row('d', { ...sent(6_000), templateId: 'other' })
    await row('under way', { status: 'sending' })
    await row('waiting', { status: 'queued', reason: 'retry' })
    await row('of somebody else', { ...sent(6_000), openid: 'o2', unionid: 'u2' })
    const user = { openid: 'o', unionid: 'u', templateId: 't' }
    expect(await pushes.countToUser(user, 4_000, '-')).toBe(4)
    expect(await pushes.countToUser(user, 0, '-')).toBe(5)
    expect(await pushes.countToUser(user, 4_000, 'under way')).toBe(3)
    expect(await pushes.countToUser({ ...user, templateId: undefined }, 4_000, '-')).toBe(5)
    expect(await pushes.countToUser({ ...user, unionid: null }, 4_000, '-')).toBe(1)
    expect(await database.pushes('wx2').countToUser(user, 0, '-')).toBe(0)
  })

  test('the same id is another push in another account', async () => {
    const others = database.pushes('wx2')
    expect(await pushes.add(toPushRow())).toBe(true)
    expect(await others.add(toPushRow({ appid: 'wx2', status: 'skipped', reason: 'expired' }))).toBe(true)
    expect(await pushes.recordSent(acceptance)).toBe(true)
    expect(await others.cancel('p', 1)).toBe(false)
    expect(await pushes.find('p')).toMatchObject({ appid: 'wx1', status: 'sent' })
    expect(await others.find('p')).toMatchObject({ appid: 'wx2', status: 'skipped' })
  })
})
