import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/db/audit/audit.ts'
import { engines } from './engines.ts'
import { toPushRow } from './pushRow.ts'

const toEntry = (at: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  at,
  keyName: 'ops',
  role: 'operate',
  action: 'pause',
  account: null,
  target: null,
  detail: null,
  ...more,
})

describe.each(engines)('$name', ({ create }) => {
  test('changes are kept, listed newest first, and purged by their age', async () => {
    const { database } = await create()
    const audit = database.audit()
    const list = async (since: number) => {
      const entries: AuditEntry[] = []
      for await (const entry of audit.list(since)) entries.push(entry)
      return entries
    }
    const whole = toEntry(3, { account: 'main', target: '订单 1', detail: 'why' })
    for (const entry of [toEntry(1), toEntry(2), whole]) await audit.add(entry)
    expect(await list(0)).toEqual([whole, toEntry(2), toEntry(1)])
    expect(await list(2)).toEqual([whole, toEntry(2)])
    const id = await audit.add(toEntry(3, { detail: 'begun' }))
    await audit.change(id, { account: 'shop', target: 'p', detail: 'done' })
    expect((await list(0))[0]).toEqual(toEntry(3, { account: 'shop', target: 'p', detail: 'done' }))
    await audit.remove(id)
    expect(await list(0)).toEqual([whole, toEntry(2), toEntry(1)])
    for (let n = 0; n < 501; n += 1) await audit.add(toEntry(4, { target: `t${n}` }))
    expect((await list(4)).map(({ target }) => target)).toEqual(
      Array.from({ length: 501 }, (_, n) => `t${500 - n}`),
    )
    expect(await audit.purge(4, 2)).toBe(2)
    expect(await audit.purge(4, 10)).toBe(1)
    expect(await list(0)).toHaveLength(501)
  })

  test('outcomes are counted step by step, with their reasons', async () => {
    const { database } = await create()
    const pushes = database.pushes('wx1')
    const add = (id: string, finishedAt: number, more = {}) =>
      pushes.add(toPushRow({ id, status: 'delivered', finishedAt, ...more }))
    await add('a', 1_000)
    await add('b', 1_999)
    await add('c', 2_000)
    await add('d', 2_500, { status: 'rejected', reason: 'data_invalid' })
    await add('e', 2_600, { status: 'rejected', reason: 'data_invalid' })
    await add('f', 2_700, { status: 'skipped', reason: 'expired' })
    await add('g', 4_000)
    await database
      .pushes('wx2')
      .add(toPushRow({ id: 'h', appid: 'wx2', status: 'delivered', finishedAt: 1_000 }))
    const count = async (since: number, until: number, offset = 0) =>
      (await pushes.countOutcomes({ since, until, bucket: 1_000, offset }))
        .map(({ at, status, total, reasons }) => [at, status, total, reasons])
        .sort(([a], [b]) => Number(a) - Number(b))
    expect(await count(1_000, 4_000)).toEqual([
      [1_000, 'delivered', 2, {}],
      [2_000, 'delivered', 1, {}],
      [2_000, 'rejected', 2, { data_invalid: 2 }],
      [2_000, 'skipped', 1, { expired: 1 }],
    ])
    expect(await count(1_500, 2_001)).toEqual([
      [1_000, 'delivered', 1, {}],
      [2_000, 'delivered', 1, {}],
    ])
    expect(await count(0, 2_000, 500)).toEqual([
      [500, 'delivered', 1, {}],
      [1_500, 'delivered', 1, {}],
    ])
  })
})
