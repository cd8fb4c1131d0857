import { Job, Queue, UnrecoverableError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { DatabaseError } from '../../src/db/databaseError.ts'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { toPushRow } from '../db/pushRow.ts'
import { type Pushing, redisUrl, startPushing } from '../helpers/pushing.ts'

function openPlain({ appid }: Pushing) {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const options = { connection, prefix: queuePrefix }
  const name = toQueueName(appid)
  const queue = new Queue(name, options)
  onTestFinished(async () => {
    await queue.close()
    connection.disconnect()
  })
  return { name, options, queue, connection }
}

const isEmpty = async (queue: Queue) =>
  Object.values(await queue.getJobCounts()).every((count) => count === 0)

test('a push that BullMQ gave up while no worker of ours was there is sent by the next one', async () => {
  const world = await startPushing()
  const { name, options, queue } = openPlain(world)
  await world.producer().push(world.message(0, { id: 'given-up' }))
  const stranger = new Worker(name, () => Promise.reject(new UnrecoverableError('no')), options)
  await vi.waitUntil(async () => (await queue.getFailedCount()) === 1, { timeout: 5_000 })
  await stranger.close()

  await world.startWorker()
  await world.ended(1)
  expect(await world.row('given-up')).toMatchObject({ status: 'sent' })
  await vi.waitUntil(() => isEmpty(queue))
})

test('a push during which worker after worker died ends in a record instead of killing the next one', async () => {
  const world = await startPushing()
  const { queue, connection } = openPlain(world)
  await world.producer().push(world.message(0, { id: 'poison' }))
  const [job] = await queue.getWaiting()
  const key = `${queuePrefix}:${toQueueName(world.appid)}:${job?.id}`
  await connection.hset(key, 'stc', 11, 'defa', 'job stalled more than allowable limit')

  await world.startWorker()
  await world.ended(1)
  expect(await world.row('poison')).toMatchObject({
    status: 'rejected',
    reason: 'internal_error',
    detail: toStored(say('outcome.workers_died', { times: 11 })),
  })
  expect(world.simulator.stats().accepted).toBe(0)
  await vi.waitUntil(() => isEmpty(queue))
})

test('a push that is given up while a worker that only seemed dead begins to send it is in doubt, not refused', async () => {
  const world = await startPushing()
  const { queue, connection } = openPlain(world)
  await world.producer().push(world.message(0, { id: 'poison' }))
  const [job] = await queue.getWaiting()
  const key = `${queuePrefix}:${toQueueName(world.appid)}:${job?.id}`
  await connection.hset(key, 'stc', 11, 'defa', 'job stalled more than allowable limit')
  const { database } = world
  const openPushes = database.pushes
  const other = openPushes(world.appid)
  const sending = toPushRow({ id: 'poison', appid: world.appid, status: 'sending', unknownSince: Date.now() })
  database.pushes = (appid) => ({
    ...openPushes(appid),
    async find(id) {
      const found = await other.find(id)
      if (!found) await other.add(sending)
      return found
    },
  })

  await world.startWorker()
  await world.ended(1)
  expect(await world.row('poison')).toMatchObject({ status: 'unknown', reason: 'ambiguous' })
  expect(world.simulator.stats().accepted).toBe(0)
  await vi.waitUntil(() => isEmpty(queue))
})

/** A job that BullMQ gave up, and whose data was spoilt since; resolves with its id. */
async function addGarbled(
  world: Pushing,
  { name, options, queue, connection }: ReturnType<typeof openPlain>,
) {
  await world.producer().push(world.message(0, { id: 'garbled' }))
  const stranger = new Worker(name, () => Promise.reject(new UnrecoverableError('no')), options)
  await vi.waitUntil(async () => (await queue.getFailedCount()) === 1, { timeout: 5_000 })
  await stranger.close()
  const [id = ''] = await queue.getRanges(['failed'])
  await connection.hset(`${queuePrefix}:${name}:${id}`, 'data', '{nonsense')
  return id
}

test('a job whose data is not even JSON ends in a record and keeps no worker from starting', async () => {
  const world = await startPushing()
  const plain = openPlain(world)
  const id = await addGarbled(world, plain)
  await world.producer().push(world.message(1, { id: 'good' }))

  const worker = await world.startWorker()
  await worker.started
  await world.ended(2)
  expect(await world.row(`job ${id}`)).toMatchObject({ status: 'rejected', reason: 'invalid_job' })
  expect(await world.row('good')).toMatchObject({ status: 'sent' })
  await vi.waitUntil(() => isEmpty(plain.queue))
})

test('such a job stays in the queue until its record can be written', async () => {
  const world = await startPushing()
  const plain = openPlain(world)
  const id = await addGarbled(world, plain)
  const { database } = world
  const { writeSoon } = database
  database.writeSoon = () => Promise.reject(new DatabaseError('full', 'the disk is full: free some space'))
  const early = await world.startWorker()
  await early.started
  await early.stop()
  expect(await plain.queue.getFailedCount()).toBe(1)

  database.writeSoon = writeSoon
  await (await world.startWorker()).started
  expect(await world.row(`job ${id}`)).toMatchObject({ status: 'rejected', reason: 'invalid_job' })
  await vi.waitUntil(() => isEmpty(plain.queue))
})

test('a job of a newer version waits for a worker that knows it, is shown as queued and is said once', async () => {
  const world = await startPushing()
  const { queue } = openPlain(world)
  const { unionid } = world.simulator.userAt(0)
  for (const id of ['new-1', 'new-2']) {
    await queue.add('push', { v: 2, id, unionid, templateId: 't', channel: 'sms' }, { jobId: id })
  }
  const worker = await world.startWorker()
  await world.producer().push(world.message(1, { id: 'old' }))
  await world.ended(1)
  await vi.waitUntil(async () => (await queue.getDelayedCount()) === 2, { timeout: 5_000 })
  expect(world.rows().map(({ id, status }) => [id, status])).toEqual([['old', 'sent']])
  expect(world.lines.filter(({ msg }) => String(msg).includes('newer version'))).toMatchObject([
    { level: 'warn', version: 2 },
  ])
  const pusher = world.pusher()
  const shown = await pusher.wait('new-1', { timeoutMs: 300 }).catch(({ record }) => record)
  expect(shown).toMatchObject({ id: 'new-1', status: 'queued', reason: null, unionid })
  expect(await pusher.cancel('new-2')).toBe('cancelled')
  await worker.stop()
  expect(await queue.getJob('new-1')).toMatchObject({ data: { v: 2, channel: 'sms' } })
})

test('a job that BullMQ gave up and that could not be put back at once is put back soon', async () => {
  const world = await startPushing()
  const { queue, connection } = openPlain(world)
  await queue.pause()
  await world.producer().push(world.message(0, { id: 'given-up' }))
  const [id = ''] = await queue.getRanges(['wait'])
  const key = `${queuePrefix}:${toQueueName(world.appid)}:${id}`
  const retry = vi.spyOn(Job.prototype, 'retry').mockRejectedValueOnce(new Error('Redis was away'))
  onTestFinished(() => retry.mockRestore())
  await (await world.startWorker()).started
  // A worker that is there sees BullMQ give it up.
  await connection.hset(key, 'defa', 'job stalled more than allowable limit')
  await queue.resume()
  await world.ended(1)
  expect(retry).toHaveBeenCalledTimes(2)
  expect(await world.row('given-up')).toMatchObject({ status: 'sent' })
}, 60_000)
