import { describe, expect, test } from 'vitest'
import { BroadcastIdTaken, type Broadcasts } from '../../src/db/broadcasts/broadcasts.ts'
import type { RecipientOutcome } from '../../src/db/broadcasts/recipients.ts'
import type { BroadcastRow, NewBroadcast } from '../../src/db/broadcasts/row.ts'
import type { PushOutcome } from '../../src/db/pushes.ts'
import type { Stores } from '../../src/db/stores.ts'
import { engines } from './engines.ts'

const appid = 'wx0123456789abcdef'
const lease = 20_000
const followersOf = { kind: 'followers' } as const
const ofFile = { kind: 'file', name: 'f.csv' } as const

function open(database: Stores, account = appid): Broadcasts {
  return database.broadcasts(account)
}

const asked = (more: Partial<NewBroadcast> = {}): NewBroadcast => ({
  id: 'b1',
  name: null,
  templateId: 't1',
  message: '{}',
  audience: ofFile,
  rate: null,
  window: null,
  canaryShare: null,
  maxFailures: 0.2,
  createdAt: 1_000,
  startAt: null,
  expiresAt: null,
  ...more,
})
const line = (seq: number, ids: { openid?: string; unionid?: string }) => ({
  seq,
  openid: ids.openid ?? null,
  unionid: ids.unionid ?? null,
  isByUnionid: ids.unionid !== undefined,
  columns: null,
})
const outcome = (seq: number, more: Partial<RecipientOutcome> = {}): RecipientOutcome => ({
  seq,
  openid: null,
  status: 'sent',
  reason: null,
  detail: null,
  msgid: `12266910751092899${seq}`,
  errcode: null,
  errmsg: null,
  rid: null,
  attempts: 1,
  generation: 0,
  sentAt: 5_000,
  finishedAt: 5_000,
  wasRetried: false,
  ...more,
})

async function settle(database: Stores, msgid: string | undefined, openid = 'o1') {
  const receipts = database.receipts(appid)
  const [found] =
    msgid === undefined
      ? await receipts.findLatest(openid)
      : [await receipts.findByMsgid(msgid)].filter((push) => push !== undefined)
  if (!found) return undefined
  const settled = {
    status: 'undelivered',
    reason: 'user_block',
    detail: 'why',
    finishedAt: 9_000,
  } as const
  const { id, recipient } = found
  const name = found.msgid === null ? { msgid: msgid ?? null } : {}
  await database.write(receipts.toSettle([{ id, ...settled, ...name, ...(recipient && { recipient }) }]))
  return found
}

function sortSteps(outcomes: PushOutcome[]): PushOutcome[] {
  return outcomes.sort((a, b) => a.at - b.at || (a.status < b.status ? -1 : 1))
}

/** A broadcast to so many lines of a file that is running. */
async function run(broadcasts: Broadcasts, count: number, more: Partial<NewBroadcast> = {}) {
  const no = await broadcasts.draft(asked(more))
  const lines = Array.from({ length: count }, (_, n) => line(n + 1, { openid: `o${n + 1}` }))
  await broadcasts.addRecipients(no, lines)
  await broadcasts.publish(no, { status: 'running', selected: count, isFilled: true, canarySize: null })
  return find(broadcasts, more.id ?? 'b1')
}
async function find(broadcasts: Broadcasts, id = 'b1'): Promise<BroadcastRow> {
  const row = await broadcasts.find(id)
  if (!row) throw new Error('no such broadcast')
  return row
}
async function addFollowers(database: Stores, count: number, start = 1) {
  const facts = Array.from({ length: count }, (_, n) => ({
    openid: `o${start + n}`,
    unionid: `u${start + n}`,
    subscribed: true,
    subscribeTime: 1_000 * (start + n),
    scene: n % 2 === 0 ? 'ADD_SCENE_QR_CODE' : 'ADD_SCENE_SEARCH',
    tagIds: n % 3 === 0 ? [2, 7] : [],
  }))
  await database.followers(appid).upsert(facts, { at: 1_000_000 })
}
const seqs = (chunk: { recipients: { seq: number }[] } | undefined) => chunk?.recipients.map(({ seq }) => seq)
const totals = async (broadcasts: Broadcasts, no: number) =>
  Object.fromEntries(
    (await broadcasts.counts(no))
      .filter(({ total }) => total > 0)
      .map(({ status, reason, total }) => [reason === null ? status : `${status}/${reason}`, total]),
  )

describe.each(engines)('$name', ({ create }) => {
  test('nobody sees a broadcast before all of it is written', async () => {
    const { database } = await create()
    const broadcasts = open(database)
    const no = await broadcasts.draft(asked())
    await broadcasts.addRecipients(no, [line(1, { openid: 'o1' })])
    expect(await broadcasts.find('b1')).toBeUndefined()
    expect(await broadcasts.list(10)).toEqual([])
    expect(await broadcasts.listOpen()).toEqual([])
    await broadcasts.publish(no, { status: 'running', selected: 1, isFilled: true, canarySize: null })
    expect(await broadcasts.find('b1')).toMatchObject({
      no,
      status: 'running',
      selected: 1,
      audience: ofFile,
    })
    expect(await broadcasts.listOpen()).toHaveLength(1)
    expect(await open(database, 'wx-other').find('b1')).toBeUndefined()
  })

  test('what was begun and left is deleted, and so is what ended long ago', async () => {
    const { database, query } = await create()
    const broadcasts = open(database)
    const no = await broadcasts.draft(asked({ id: 'left' }))
    await broadcasts.addRecipients(no, [line(1, { openid: 'o1' }), line(2, { openid: 'o2' })])
    const ended = await run(broadcasts, 3)
    await broadcasts.change(ended, { status: 'finished', finishedAt: 9_000 })
    await run(broadcasts, 1, { id: 'open' })
    const purgeAll = async (before: { drafted: number; ended: number }) => {
      while ((await broadcasts.purge(before)) > 0);
    }
    await purgeAll({ drafted: 1_000, ended: 9_000 })
    expect(await query('SELECT * FROM broadcast_recipients')).toHaveLength(6)
    await purgeAll({ drafted: 1_001, ended: 9_001 })
    expect(await query('SELECT id FROM broadcasts')).toEqual([{ id: 'open' }])
    expect(await query('SELECT * FROM broadcast_recipients')).toHaveLength(1)
    expect(await query('SELECT * FROM broadcast_keys')).toHaveLength(1)
  })

  test('who is named by the unionid of nobody who follows is told, page by page', async () => {
    const { database } = await create()
    await addFollowers(database, 3)
    await database.followers(appid).upsert([{ openid: 'o2', subscribed: false }], { at: 2_000_000 })
    const broadcasts = open(database)
    const no = await broadcasts.draft(asked())
    await broadcasts.addRecipients(no, [
      line(1, { unionid: 'u1' }),
      line(2, { unionid: 'u2' }),
      line(3, { openid: 'o99' }),
    ])
    const strangers = Array.from({ length: 4_001 }, (_, n) => line(n + 4, { unionid: `x${n + 4}` }))
    await broadcasts.addRecipients(no, strangers)
    const told: { seq: number }[] = []
    for await (const one of broadcasts.unreachable(no)) told.push(one)
    expect(told.slice(0, 2)).toEqual([
      { seq: 2, openid: 'o2', unionid: 'u2' },
      { seq: 4, openid: null, unionid: 'x4' },
    ])
    expect(told).toHaveLength(4_002)
  })

  test('the same person twice is one recipient, also once by unionid and once by openid', async () => {
    const { database } = await create()
    await addFollowers(database, 2)
    const broadcasts = open(database)
    const no = await broadcasts.draft(asked())
    const first = [line(1, { openid: 'o1' }), line(2, { unionid: 'u1' }), line(3, { unionid: 'u2' })]
    expect(await broadcasts.addRecipients(no, first)).toEqual([2])
    const second = [line(4, { openid: 'o2' }), line(5, { unionid: 'stranger' }), line(6, { openid: 'o1' })]
    expect(await broadcasts.addRecipients(no, second)).toEqual([4, 6])
    await broadcasts.publish(no, { status: 'running', selected: 3, isFilled: true, canarySize: null })
    const row = await find(broadcasts)
    expect(row.filled).toBe(3)
    expect(await broadcasts.findRecipient(row, 'u1')).toMatchObject({ seq: 1, openid: 'o1', unionid: 'u1' })
    expect(await broadcasts.findRecipient(row, 'stranger')).toMatchObject({ seq: 5, openid: null })
    expect(await broadcasts.findRecipient(row, 'nobody')).toBeUndefined()
  })

  test('a draft that is dropped by its id cannot be published any more, and the id is free', async () => {
    const { database } = await create()
    const broadcasts = open(database)
    const no = await broadcasts.draft(asked())
    await broadcasts.addRecipients(no, [line(1, { openid: 'o1' })])
    await open(database, 'wxanother').dropById('b1')
    expect(await broadcasts.addRecipients(no, [line(2, { openid: 'o2' })])).toEqual([])
    await expect(broadcasts.draft(asked())).rejects.toThrow(BroadcastIdTaken)
    await broadcasts.dropById('b1')
    const next = await broadcasts.draft(asked())
    const row = { status: 'running', selected: 1, isFilled: true, canarySize: null } as const
    expect(await broadcasts.publish(no, row)).toBe(false)
    expect(await broadcasts.addRecipients(next, [line(1, { openid: 'o1' })])).toEqual([])
    expect(await broadcasts.publish(next, row)).toBe(true)
    await broadcasts.dropById('b1')
    expect(await find(broadcasts)).toMatchObject({ no: next, filled: 1 })
  })

  describe('an audience of followers', () => {
    test('is that of the moment of its start', async () => {
      const { database } = await create()
      await addFollowers(database, 10)
      const broadcasts = open(database)
      const no = await broadcasts.draft(asked({ audience: followersOf }))
      await broadcasts.publish(no, { status: 'running', selected: 10, isFilled: false, canarySize: null })
      const draft = await find(broadcasts)
      await broadcasts.change(draft, { startedAt: 50_000, fillUntil: await broadcasts.lastFollower() })
      const row = await find(broadcasts)
      expect(await broadcasts.fill(row, 4)).toBe(true)
      // One who leaves after the start still is in it; one who left before is not, nor who comes later.
      await database.followers(appid).markUnsubscribed(['o9'], 2_000_000)
      await addFollowers(database, 1, 100)
      while (await broadcasts.fill(row, 4));
      expect(await find(broadcasts)).toMatchObject({ isFilled: true, filled: 10, selected: 10 })
      const chunk = await broadcasts.claim(no, 20, 60_000, lease)
      expect(chunk?.recipients.map(({ openid, isFollowing }) => [openid, isFollowing])).toEqual(
        Array.from({ length: 10 }, (_, n) => [`o${n + 1}`, n !== 8]),
      )
      expect(await broadcasts.findRecipient(row, 'u3')).toMatchObject({ openid: 'o3' })
    })

    test('two processes write it once', async () => {
      const { database } = await create()
      await addFollowers(database, 6)
      const broadcasts = open(database)
      const no = await broadcasts.draft(asked({ audience: followersOf }))
      await broadcasts.publish(no, { status: 'running', selected: 6, isFilled: false, canarySize: null })
      await broadcasts.change(await find(broadcasts), { startedAt: 50_000, fillUntil: 6 })
      const [one, two] = [await find(broadcasts), await find(broadcasts)]
      await Promise.all([broadcasts.fill(one, 3), broadcasts.fill(two, 3)])
      await broadcasts.fill(await find(broadcasts), 3)
      expect(await find(broadcasts)).toMatchObject({ filled: 6, isFilled: true })
    })

    test.each([
      [{ kind: 'followers' }, 9],
      [{ kind: 'followers', tag: 7 }, 3],
      [{ kind: 'followers', scene: 'ADD_SCENE_SEARCH' }, 4],
      [{ kind: 'followers', since: 5_000 }, 5],
      [{ kind: 'followers', tag: 7, scene: 'ADD_SCENE_SEARCH', since: 4_000 }, 1],
    ] as const)('%j', async (audience, expected) => {
      const { database } = await create()
      await addFollowers(database, 9)
      const broadcasts = open(database)
      expect(await broadcasts.countFollowers(audience)).toBe(expected)
      const no = await broadcasts.draft(asked({ audience }))
      await broadcasts.publish(no, { status: 'running', selected: 0, isFilled: false, canarySize: null })
      await broadcasts.change(await find(broadcasts), { startedAt: 50_000, fillUntil: 9 })
      const row = await find(broadcasts)
      while (await broadcasts.fill(row, 5));
      expect(await find(broadcasts)).toMatchObject({ selected: expected, filled: expected })
    })

    test('leaves out who got another broadcast', async () => {
      const { database } = await create()
      await addFollowers(database, 3)
      const broadcasts = open(database)
      const first = await run(broadcasts, 2)
      await broadcasts.claim(first.no, 5, 2_000, lease)
      await broadcasts.record(first.no, [outcome(1)])
      await broadcasts.record(first.no, [
        outcome(2, { status: 'rejected', reason: 'data_invalid', msgid: null }),
      ])
      expect(await broadcasts.countFollowers({ kind: 'followers', except: first.no })).toBe(2)
      const leftOut: unknown[] = []
      for await (const one of broadcasts.leftOut({ kind: 'followers', except: first.no })) leftOut.push(one)
      expect(leftOut).toEqual([{ seq: expect.any(Number), openid: 'o1', unionid: 'u1' }])
      for await (const one of broadcasts.leftOut({ kind: 'followers' })) leftOut.push(one)
      expect(leftOut).toHaveLength(1)
    })
  })

  test.each([
    ['a file', ofFile],
    ['followers', followersOf],
  ])('tells which lines name somebody who got a broadcast to %s', async (_, audience) => {
    const { database } = await create()
    await addFollowers(database, 3)
    const broadcasts = open(database)
    const no = await broadcasts.draft(asked({ audience }))
    const isFilled = audience.kind === 'file'
    if (isFilled)
      await broadcasts.addRecipients(
        no,
        [1, 2].map((n) => line(n, { openid: `o${n}` })),
      )
    await broadcasts.publish(no, { status: 'running', selected: 2, isFilled, canarySize: null })
    await broadcasts.change(await find(broadcasts), { startedAt: 50_000, fillUntil: 2 })
    if (!isFilled) while (await broadcasts.fill(await find(broadcasts), 10));
    await broadcasts.claim(no, 2, 2_000, lease)
    await broadcasts.record(no, [outcome(1)])
    await broadcasts.record(no, [outcome(2, { status: 'rejected', reason: 'data_invalid', msgid: null })])
    const lines = [
      line(1, { unionid: 'u1' }),
      line(2, { openid: 'o1' }),
      line(3, { openid: 'o2' }),
      line(4, { unionid: 'u3' }),
      line(5, { unionid: 'stranger' }),
    ]
    expect(await broadcasts.findServed(no, lines)).toEqual(new Set([1, 2]))
  })

  describe('recipients are handed out', () => {
    test('in order, each to one process', async () => {
      const { database, openAgain } = await create()
      const broadcasts = open(database)
      const { no } = await run(broadcasts, 10)
      const other = open(await openAgain())
      const chunks = await Promise.all([
        broadcasts.claim(no, 4, 2_000, lease),
        other.claim(no, 4, 2_000, lease),
      ])
      for (let n = 0; n < 4; n++) chunks.push(await broadcasts.claim(no, 4, 2_000, lease))
      const handed = chunks.flatMap((chunk) => seqs(chunk) ?? [])
      expect(handed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, n) => n + 1))
      expect(await find(broadcasts)).toMatchObject({ cursor: 10, handedOut: 10 })
      expect(await broadcasts.hasMore(await find(broadcasts))).toBe(false)
    })

    test('again, those without an outcome, when their process is not heard of any more', async () => {
      const { database } = await create()
      const broadcasts = open(database)
      const { no } = await run(broadcasts, 4)
      const chunk = await broadcasts.claim(no, 3, 2_000, lease)
      await broadcasts.record(no, [outcome(2)])
      await broadcasts.renew(no, chunk ? [chunk] : [], 30_000)
      expect(seqs(await broadcasts.claim(no, 3, 29_999, lease))).toEqual([4])
      expect((await broadcasts.openWork(no)).inFlight).toBe(3)
      const again = await broadcasts.claim(no, 3, 30_000, lease)
      expect(again).toMatchObject({ isTakenOver: true, since: 2_000 })
      expect(again?.recipients.map(({ seq, unknownSince }) => [seq, unknownSince])).toEqual([
        [1, 2_000],
        [3, 2_000],
      ])
      expect(await broadcasts.claim(no, 3, 30_001, lease)).toBeUndefined()
    })

    test('given back by a process that did not send to them, they are as new', async () => {
      const { database } = await create()
      const broadcasts = open(database)
      const { no } = await run(broadcasts, 3)
      const chunk = await broadcasts.claim(no, 3, 2_000, lease)
      if (!chunk) throw new Error('no chunk')
      await broadcasts.record(no, [outcome(1)])
      await broadcasts.giveBack(no, chunk, 3_000)
      expect(await broadcasts.openWork(no)).toMatchObject({ hasChunks: true, inFlight: 0 })
      const again = await broadcasts.claim(no, 3, 3_000, lease)
      expect(again).toMatchObject({ isTakenOver: false, since: 3_000 })
      expect(again?.recipients.map(({ seq, unknownSince }) => [seq, unknownSince])).toEqual([
        [2, null],
        [3, null],
      ])
      if (again) await broadcasts.finishChunk(no, again)
      expect(await broadcasts.openWork(no)).toMatchObject({ hasChunks: false, inFlight: 0 })
    })

    test('not to a line that turns out to be the person of another line', async () => {
      const { database } = await create()
      const broadcasts = open(database)
      const { no } = await run(broadcasts, 2)
      expect(await broadcasts.isTaken(no, 'o1', 1)).toBe(false)
      expect(await broadcasts.isTaken(no, 'o1', 2)).toBe(true)
      expect(await broadcasts.isTaken(no, 'o9', 1)).toBe(false)
    })

    test('not while it is paused, and not beyond the quota', async () => {
      const { database } = await create()
      const broadcasts = open(database)
      const row = await run(broadcasts, 9)
      await broadcasts.change(row, { cap: 2 })
      expect(seqs(await broadcasts.claim(row.no, 5, 2_000, lease))).toEqual([1, 2])
      expect(await broadcasts.claim(row.no, 5, 2_000, lease)).toBeUndefined()
      await broadcasts.change(row, { cap: null, status: 'paused', reason: 'manual' })
      expect(await broadcasts.claim(row.no, 5, 2_000, lease)).toBeUndefined()
      expect(await broadcasts.change(row, { status: 'running' })).toBe(false)
      await broadcasts.change(await find(broadcasts), { status: 'running', reason: null })
      expect(seqs(await broadcasts.claim(row.no, 5, 2_000, lease))).toEqual([3, 4, 5, 6, 7])
    })

    test('first those of the canary, who are counted by themselves', async () => {
      const { database } = await create()
      const broadcasts = open(database)
      const no = await broadcasts.draft(asked({ canaryShare: '2' }))
      await broadcasts.addRecipients(
        no,
        [1, 2, 3, 4].map((n) => line(n * 10, { openid: `o${n}` })),
      )
      await broadcasts.publish(no, { status: 'running', selected: 4, isFilled: true, canarySize: 2 })
      expect(await broadcasts.claim(no, 9, 2_000, lease)).toBeUndefined()
      const canaryTo = await broadcasts.findSeq(no, 2)
      expect([canaryTo, await broadcasts.findSeq(no, 5)]).toEqual([20, undefined])
      await broadcasts.change(await find(broadcasts), { canaryTo: canaryTo ?? null })
      expect(seqs(await broadcasts.claim(no, 9, 2_000, lease))).toEqual([10, 20])
      await broadcasts.change(await find(broadcasts), { canaryState: 'passed' })
      expect(seqs(await broadcasts.claim(no, 9, 2_000, lease))).toEqual([30, 40])
      for (const seq of [10, 20, 30]) await broadcasts.record(no, [outcome(seq)])
      expect((await broadcasts.counts(no)).map(({ isCanary, total }) => [isCanary, total])).toEqual(
        expect.arrayContaining([
          [true, 2],
          [false, 1],
        ]),
      )
    })

    test('at the rate it was given, over all processes', async () => {
      const { database, openAgain } = await create()
      const one = open(database)
      const row = await run(one, 1, { rate: 10 })
      const two = open(await openAgain())
      let sent = 0
      for (let now = 100_000; now < 110_000; now += 10) {
        for (const broadcasts of [one, two]) sent += (await broadcasts.takeRate(row, 5, now)).granted
      }
      expect(sent).toBeGreaterThanOrEqual(98)
      expect(sent).toBeLessThanOrEqual(102)
      const { granted, nextAt } = await one.takeRate({ ...row, rate: null }, 5, 110_000)
      expect([granted, nextAt]).toEqual([5, 110_000])
    })
  })

  test('counts follow every change, and the last outcomes are told', async () => {
    const { database } = await create()
    const broadcasts = open(database)
    const row = await run(broadcasts, 4)
    const { no } = row
    await broadcasts.claim(no, 4, 2_000, lease)
    await broadcasts.record(no, [outcome(1)])
    await broadcasts.record(no, [outcome(2, { status: 'rejected', reason: 'data_invalid', msgid: null })])
    await broadcasts.record(no, [outcome(3, { status: 'skipped', reason: 'not_following', msgid: null })])
    expect(await totals(broadcasts, no)).toEqual({
      sent: 1,
      'rejected/data_invalid': 1,
      'skipped/not_following': 1,
    })
    // A process that wakes up late changes nothing.
    await broadcasts.record(no, [outcome(2)])
    await broadcasts.record(no, [outcome(1, { status: 'unknown', reason: 'ambiguous' })])
    expect(await totals(broadcasts, no)).toMatchObject({ sent: 1, 'rejected/data_invalid': 1 })
    expect(await broadcasts.recent(no)).toEqual({ sends: '.x', receipts: '' })
    await broadcasts.change(row, { status: 'paused', reason: 'failures' }, { forgetsRecent: true })
    expect(await broadcasts.recent(no)).toEqual({ sends: '', receipts: '' })
  })

  test('how its recipients ended counts among the pushes of the account, when they did', async () => {
    const { database } = await create()
    const broadcasts = open(database)
    const row = await run(broadcasts, 4)
    await broadcasts.claim(row.no, 4, 2_000, lease)
    const minute = 60_000
    const blocked = { status: 'rejected', reason: 'recipient_blocked', msgid: null } as const
    await broadcasts.record(row.no, [outcome(1, { finishedAt: 3 * minute })])
    await broadcasts.record(row.no, [outcome(2, { ...blocked, finishedAt: 3 * minute + 59_999 })])
    await broadcasts.record(row.no, [outcome(3, { ...blocked, finishedAt: 9 * minute })])
    const pushes = database.pushes(appid)
    const none = { sent: 0, delivered: 0, undelivered: 0, rejected: 0, skipped: 0, unknown: 0 }
    const steps = { since: 0, until: 20 * minute, bucket: 5 * minute, offset: 0 }
    expect(await pushes.countFinished(0)).toEqual({ ...none, sent: 1, rejected: 2 })
    expect(await pushes.countFinished(4 * minute)).toEqual({ ...none, rejected: 1 })
    const ofReason = { status: 'rejected', total: 1, reasons: { recipient_blocked: 1 } }
    const sent = { at: 0, status: 'sent', total: 1, reasons: {} }
    const later = { ...ofReason, at: 5 * minute }
    expect(sortSteps(await pushes.countOutcomes(steps))).toEqual([{ ...ofReason, at: 0 }, sent, later])
    expect(await pushes.countOutcomes({ ...steps, until: 3 * minute })).toEqual([])
    expect(await database.pushes('wx-other').countFinished(0)).toEqual(none)

    // What they were before counts no more.
    await settle(database, outcome(1).msgid ?? '')
    expect(await pushes.countFinished(0)).toEqual({ ...none, undelivered: 1, rejected: 2 })
    await broadcasts.retry(await find(broadcasts), ['recipient_blocked'], 5_000)
    expect(await pushes.countFinished(0)).toEqual({ ...none, undelivered: 1 })
    await broadcasts.drop(row.no)
    expect(await pushes.countFinished(0)).toEqual(none)
  })

  test('a recipient waits for its next try, with what is known of it', async () => {
    const { database } = await create()
    const broadcasts = open(database)
    const { no } = await run(broadcasts, 1)
    const chunk = await broadcasts.claim(no, 1, 2_000, lease)
    const retry = {
      seq: 1,
      dueAt: 9_000,
      attempts: 2,
      unknownSince: 2_000,
      errcode: -1,
      detail: 'why',
      starts: 3,
    }
    await broadcasts.recordRetry(no, retry)
    if (chunk) await broadcasts.finishChunk(no, chunk)
    expect(await broadcasts.findRecipient(await find(broadcasts), 'o1')).toMatchObject({
      ...{ status: null, isRetried: true, attempts: 2, errcode: -1, detail: 'why' },
    })
    expect(await broadcasts.openWork(no)).toMatchObject({ hasChunks: false, retries: 1, nextRetryAt: 9_000 })
    expect(await broadcasts.claimRetries(no, 5, 8_999, lease)).toEqual([])
    const known = { seq: 1, attempts: 2, unknownSince: 2_000, errcode: -1, starts: 3 }
    expect(await broadcasts.claimRetries(no, 5, 9_000, lease)).toMatchObject([known])
    expect(await broadcasts.claimRetries(no, 5, 9_001, lease)).toEqual([])
    // Its process died.
    expect(await broadcasts.claimRetries(no, 5, 9_000 + lease, lease)).toMatchObject([known])
    await broadcasts.record(no, [outcome(1, { wasRetried: true })])
    expect(await broadcasts.openWork(no)).toMatchObject({ retries: 0 })
    expect(await totals(broadcasts, no)).toEqual({ sent: 1 })
  })

  test('those that failed for a reason wait again, as new messages', async () => {
    const { database } = await create()
    await addFollowers(database, 5)
    await database.followers(appid).markUnsubscribed(['o4'], 2_000_000)
    const broadcasts = open(database)
    const row = await run(broadcasts, 5)
    const { no } = row
    await broadcasts.claim(no, 5, 2_000, lease)
    const failed = { status: 'rejected', reason: 'retries_exhausted', msgid: null } as const
    const gone = { status: 'skipped', reason: 'not_following', msgid: null } as const
    await broadcasts.record(no, [outcome(1, failed)])
    await broadcasts.record(no, [outcome(2, { ...failed, reason: 'data_invalid' })])
    await broadcasts.record(no, [outcome(3, gone)])
    await broadcasts.record(no, [outcome(4, gone)])
    await broadcasts.record(no, [outcome(5)])
    expect(await broadcasts.retry(row, ['retries_exhausted', 'not_following'], 7_000)).toBe(2)
    expect(await totals(broadcasts, no)).toEqual({
      'rejected/data_invalid': 1,
      'skipped/not_following': 1,
      sent: 1,
    })
    const again = await broadcasts.claimRetries(no, 5, 7_000, lease)
    expect(again.map(({ seq, generation, attempts }) => [seq, generation, attempts])).toEqual([
      [1, 1, 0],
      [3, 1, 0],
    ])
  })

  describe('a receipt', () => {
    test('ends the recipient whose message it names, once', async () => {
      const { database } = await create()
      const broadcasts = open(database)
      const row = await run(broadcasts, 2)
      await broadcasts.claim(row.no, 2, 2_000, lease)
      await broadcasts.record(row.no, [outcome(1)])
      await broadcasts.record(row.no, [outcome(2)])
      const found = await settle(database, outcome(2).msgid ?? '')
      expect(found).toMatchObject({ id: 'b1:o2', status: 'sent', sentAt: 5_000, unknownSince: null })
      expect(await broadcasts.findRecipient(row, 'o2')).toMatchObject({
        ...{ status: 'undelivered', reason: 'user_block', detail: 'why', finishedAt: 9_000, sentAt: 5_000 },
      })
      expect(await broadcasts.findRecipient(row, 'o1')).toMatchObject({ status: 'sent' })
      expect(await totals(broadcasts, row.no)).toEqual({ sent: 1, 'undelivered/user_block': 1 })
      expect(await broadcasts.recent(row.no)).toEqual({ sends: '..', receipts: 'x' })
      await settle(database, outcome(2).msgid ?? '')
      expect(await broadcasts.recent(row.no)).toMatchObject({ receipts: 'x' })
      expect(await settle(database, '1226691075109280000')).toBeUndefined()
      const elsewhere = database.receipts('wx-other')
      expect(await elsewhere.findByMsgid(outcome(1).msgid ?? '')).toBeUndefined()
      expect(await elsewhere.findLatest('o1')).toEqual([])
    })

    test.each([
      ['an audience of followers', followersOf],
      ['a file', ofFile],
    ])('without msgid is of the last message to its user, of %s', async (_, audience) => {
      const { database } = await create()
      await addFollowers(database, 2)
      const broadcasts = open(database)
      const no = await broadcasts.draft(asked({ audience }))
      const isFilled = audience.kind === 'file'
      if (isFilled) await broadcasts.addRecipients(no, [line(1, { unionid: 'u1' })])
      await broadcasts.publish(no, { status: 'running', selected: 1, isFilled, canarySize: null })
      await broadcasts.change(await find(broadcasts), { startedAt: 50_000, fillUntil: 2 })
      if (!isFilled) while (await broadcasts.fill(await find(broadcasts), 10));
      const chunk = await broadcasts.claim(no, 1, 2_000, lease)
      const inDoubt = await database.receipts(appid).findLatest('o1')
      expect(inDoubt).toMatchObject([{ status: 'queued', unknownSince: 2_000 }])
      const nameless = { openid: 'o1', msgid: null, reason: 'in_review', errcode: 40252 } as const
      await broadcasts.record(no, [outcome(1, nameless)])
      if (chunk) await broadcasts.finishChunk(no, chunk)
      const [review] = await database.receipts(appid).findLatest('o1')
      expect(review).toMatchObject({ status: 'sent', msgid: null, unknownSince: null })
      await settle(database, undefined)
      expect(await broadcasts.findRecipient(await find(broadcasts), 'u1')).toMatchObject({
        ...{ status: 'undelivered', reason: 'user_block', errcode: null, msgid: null },
      })
      expect(await totals(broadcasts, no)).toEqual({ 'undelivered/user_block': 1 })
    })
  })

  test('recipients are listed in order', async () => {
    const { database } = await create()
    const broadcasts = open(database)
    const { no } = await run(broadcasts, 1_200)
    const listed: number[] = []
    for await (const { seq } of broadcasts.recipients(no)) listed.push(seq)
    expect(listed).toEqual(Array.from({ length: 1_200 }, (_, n) => n + 1))
    await broadcasts.claim(no, 1_200, 2_000, lease)
    const blocked = { status: 'rejected', reason: 'recipient_blocked', msgid: null } as const
    await broadcasts.record(
      no,
      Array.from({ length: 600 }, (_, n) => outcome(n * 2 + 1, blocked)),
    )
    const failed: number[] = []
    for await (const { seq } of broadcasts.recipients(no, 'recipient_blocked')) failed.push(seq)
    expect(failed).toEqual(Array.from({ length: 600 }, (_, n) => n * 2 + 1))
  })
})
