import { expect, test } from 'vitest'
import * as z from 'zod'
import type { PushFilter } from '../../src/db/pushes.ts'
import { listFailed } from '../../src/operations/failed.ts'
import { listPushesOf } from '../../src/operations/history.ts'
import { type Cursor, cursorSchema } from '../../src/operations/listing/cursor.ts'
import { loadPushPage } from '../../src/operations/listing/pushPage.ts'
import { createQueuedPushes } from '../../src/operations/queuedPushes.ts'
import { findPushAmong } from '../../src/operations/show.ts'
import { pushRecordSchema } from '../../src/push/recordSchema.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts, startReceipts } from './world.ts'

function open(world: Pushing) {
  const { appid, queue, pushes, followers, accountState } = world
  const opened = openProducerQueue(queue, appid)
  const queued = createQueuedPushes({ appid, openQueue: () => opened, pushes, accountState })
  const account = { ...openBroadcasts(world), appid, pushes, followers, queued }
  return { ...account, accounts: [account], close: () => opened.close() }
}

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = []
  for await (const item of items) array.push(item)
  return array
}

test('recipients have records as pushes have, are listed in order, and with what failed', async () => {
  const world = await startPushing({ simulator: { followers: 5 } })
  const { accounts, close, ...broadcasts } = open(world)
  await startReceipts(world, { receiptDelayMs: 0 })
  await world.startWorker()
  const { openid, unionid } = world.simulator.userAt(0)
  const blocked = world.simulator.userAt(1)
  const refused = world.simulator.userAt(2)
  world.simulator.setBlocking(blocked.openid, true)
  world.simulator.addFault({
    path: '/cgi-bin/message/template/send',
    action: { errcode: 40165 },
    match: { openid: refused.openid },
  })
  const rows = [{ unionid }, { openid: blocked.openid }, { openid: refused.openid }, { unionid: 'oStranger' }]
  await world.producer().push(world.message(3, { id: 'single' }))
  const { id } = await broadcasts.create({ audience: { rows } })
  await broadcasts.until(id, (broadcast) => isFinished(broadcast) && broadcast.counts.sent === 0)

  const record = await findPushAmong(accounts, `${id}:${unionid}`)
  expect(pushRecordSchema.parse(record)).toEqual(record)
  expect(record).toMatchObject({ broadcast: id, openid, status: 'delivered', attempts: 1 })
  expect(await findPushAmong(accounts, `${id}:${openid}`)).toEqual(record)
  expect(await findPushAmong(accounts, 'single')).toMatchObject({ id: 'single', broadcast: null })
  expect(await findPushAmong(accounts, `${id}:nobody`)).toBeUndefined()

  // Of a user, by any of the names, also what broadcasts brought; the newest first.
  const ofUser = async (filter: PushFilter) =>
    (await toArray(listPushesOf(accounts, filter))).map((listed) => listed.id)
  const own = world.simulator.userAt(3)
  expect(await ofUser({ unionid: own.unionid })).toEqual(['single'])
  expect(await ofUser({ unionid })).toEqual([`${id}:${unionid}`])
  expect(await ofUser({ openid })).toEqual([`${id}:${unionid}`])
  expect(await ofUser({ openid: refused.openid })).toEqual([`${id}:${refused.openid}`])
  expect(await ofUser({ openid: refused.openid, status: 'sent' })).toEqual([])
  expect(await ofUser({ unionid, since: Date.parse(record?.createdAt ?? '') + 1 })).toEqual([])
  expect(await ofUser({ msgid: record?.msgid ?? '' })).toEqual([`${id}:${unionid}`])
  const list = (more: { status?: 'skipped'; limit?: number; unionid?: string }) =>
    toArray(listPushesOf(accounts, { broadcast: id, ...more }))
  const listed = await list({})
  expect(z.array(pushRecordSchema).parse(listed)).toEqual(listed)
  expect(listed.map(({ status, reason, seq }) => [status, reason, seq])).toEqual([
    ['delivered', null, 3],
    ['undelivered', 'user_block', 3],
    ['rejected', 'miniprogram_invalid', 1],
    ['skipped', 'not_following', 1],
  ])
  expect(await list({ status: 'skipped' })).toEqual(listed.slice(3))
  expect(await list({ limit: 2 })).toEqual(listed.slice(0, 2))
  expect(await list({ unionid: String(unionid) })).toEqual(listed.slice(0, 1))
  expect(await toArray(listPushesOf(accounts, {}))).toHaveLength(1)
  await expect(toArray(listPushesOf(accounts, { broadcast: 'b0' }))).rejects.toMatchObject({
    code: 'unknown_broadcast',
  })

  const failed = await toArray(listFailed(accounts, {}))
  expect(failed.map((one) => one.id).toSorted()).toEqual([listed[1]?.id, listed[2]?.id].toSorted())
  expect(await toArray(listFailed(accounts, { reason: 'user_block' }))).toEqual([listed[1]])
  expect(await toArray(listFailed(accounts, { templateId: 'another' }))).toEqual([])
  await close()

  const page = async (more: PushFilter, cursor?: Cursor) => loadPushPage(accounts, more, { limit: 1, cursor })
  await world.producer().push(world.message(0, { id: 'later' }))
  await expect.poll(async () => (await world.pushes.find('later'))?.status).toBe('delivered')
  const first = await page({ openid })
  expect(first.items.map((item) => item.id)).toEqual(['later'])
  const second = await page({ openid }, cursorSchema.parse(first.next))
  expect(second).toEqual({ items: [record], next: null })
})

test('who waits is queued, and skipped once the broadcast is cancelled', async () => {
  const world = await startPushing({ simulator: { followers: 2 } })
  const { accounts, close, ...broadcasts } = open(world)
  const { openid } = world.simulator.userAt(0)
  const { id } = await broadcasts.create({ audience: { rows: [{ openid }] } })
  const show = () => findPushAmong(accounts, `${id}:${openid}`)
  expect(await show()).toMatchObject({ status: 'queued', reason: null, seq: 0, finishedAt: null })
  await broadcasts.pause(id)
  expect(await show()).toMatchObject({ status: 'queued', reason: 'paused' })
  const { finishedAt } = await broadcasts.cancel(id)
  expect(await show()).toMatchObject({ status: 'skipped', reason: 'cancelled', finishedAt })
  await close()
})
