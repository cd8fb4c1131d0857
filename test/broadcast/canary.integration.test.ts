import { expect, test } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { checkCanary } from '../../src/broadcast/canary.ts'
import { engines } from '../db/engines.ts'

const appid = 'wx0123456789abcdef'
const pausedAt = 1_000_000
const goesOn = { status: 'running', canaryState: 'passed' }

/** A canary of 20 whose sends are over, with the receipts that came, and 80 who wait. */
async function openCanary(
  create: (typeof engines)[number]['create'],
  receipts: Partial<Record<'delivered' | 'undelivered', number>>,
) {
  const { database, query } = await create()
  const broadcasts = database.broadcasts(appid)
  const no = await broadcasts.draft({
    ...{ id: 'b1', name: null, templateId: 't1', message: '{}', audience: { kind: 'file', name: 'f.csv' } },
    ...{ rate: null, window: null, canaryShare: '20', maxFailures: 0.2, createdAt: 1, startAt: null },
    expiresAt: null,
  })
  const lines = Array.from({ length: 100 }, (_, n) => ({
    ...{ seq: n + 1, openid: `o${n + 1}`, unionid: null, isByUnionid: false, columns: null },
  }))
  await broadcasts.addRecipients(no, lines)
  await broadcasts.publish(no, { status: 'running', selected: 100, isFilled: true, canarySize: 20 })
  const find = async () => {
    const row = await broadcasts.find('b1')
    if (!row) throw new Error('no such broadcast')
    return row
  }
  await broadcasts.change(await find(), { startedAt: 1, canaryTo: 20 })
  const chunk = await broadcasts.claim(no, 100, 2_000, 20_000)
  if (!chunk) throw new Error('nobody was handed out')
  const outcomes = chunk.recipients.map(({ seq }) => ({
    ...{ seq, openid: null, status: 'sent' as const, reason: null, detail: null, msgid: `${seq}` },
    ...{
      errcode: null,
      errmsg: null,
      rid: null,
      attempts: 1,
      generation: 0,
      sentAt: 5_000,
      finishedAt: 5_000,
    },
    wasRetried: false,
  }))
  await broadcasts.record(no, outcomes)
  await broadcasts.finishChunk(no, chunk)
  const look = async (now: number) => {
    const row = await find()
    const change = await checkCanary(broadcasts, row, now)
    if (change) await broadcasts.change(row, change)
    return change
  }
  expect(await look(pausedAt)).toMatchObject({ status: 'paused', reason: 'canary', canaryAt: pausedAt })
  let seq = 0
  for (const [status, count] of Object.entries(receipts)) {
    await query(
      `update broadcast_recipients set status = '${status}' where seq > ${seq} and seq <= ${seq + count}`,
    )
    seq += count
  }
  return look
}

test.each(engines)(
  '$name: a canary whose receipts do not all come goes on after ten minutes by those that did',
  async ({ create }) => {
    const look = await openCanary(create, { delivered: 19 })
    expect(await look(pausedAt + 10 * minute - 1)).toBeUndefined()
    expect(await look(pausedAt + 10 * minute)).toMatchObject(goesOn)
  },
)

test.each(engines)('$name: it does not wait ten minutes when all have come', async ({ create }) => {
  const look = await openCanary(create, { delivered: 19, undelivered: 1 })
  expect(await look(pausedAt + 1)).toMatchObject(goesOn)
})

test.each(engines)(
  '$name: after ten minutes it waits for a person where too few say delivered, or none came',
  async ({ create }) => {
    const few = await openCanary(create, { delivered: 17, undelivered: 1 })
    expect(await few(pausedAt + 11 * minute)).toBeUndefined()
    const none = await openCanary(create, {})
    expect(await none(pausedAt + 60 * minute)).toBeUndefined()
  },
)
