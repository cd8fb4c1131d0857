import { expect, onTestFinished, test, vi } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import { listPushes } from '../../src/operations/history.ts'
import { createQueuedPushes } from '../../src/operations/queuedPushes.ts'
import { findPush } from '../../src/operations/show.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { startPushing } from '../helpers/pushing.ts'

test('a push that is sent between the looks into table and queue is found', async () => {
  const world = await startPushing()
  const { appid, pushes, accountState } = world
  const queue = openProducerQueue(world.queue, appid)
  onTestFinished(() => queue.close())
  const queued = createQueuedPushes({ appid, pushes, accountState, openQueue: () => queue })
  const { id } = await world.producer().push(world.message(0))
  expect(await findPush({ name: appid, pushes, queued }, id)).toMatchObject({ id, status: 'queued' })

  let looks = 0
  const found = await findPush(
    {
      name: appid,
      queued,
      pushes: {
        async find(wanted) {
          const row = await pushes.find(wanted)
          looks += 1
          if (looks === 1) {
            const worker = await world.startWorker()
            await world.ended(1)
            await vi.waitUntil(async () =>
              Object.values(await worker.queue.getJobCounts()).every((n) => n === 0),
            )
          }
          return row
        },
      },
    },
    id,
  )
  expect(found).toMatchObject({ id, status: 'sent' })
  expect(await findPush({ name: appid, pushes, queued }, 'nobody')).toBeUndefined()
})

test('a push that waits because its account is paused says so, one whose time has not come does not', async () => {
  const world = await startPushing()
  const { appid, pushes, accountState } = world
  const queue = openProducerQueue(world.queue, appid)
  onTestFinished(() => queue.close())
  const queued = createQueuedPushes({ appid, pushes, accountState, openQueue: () => queue })
  const account = { name: appid, pushes, queued }
  const listed: string[] = []
  const later = new Date(Date.now() + hour)
  await world.producer().push(world.message(0, { id: 'now' }))
  await world.producer().push(world.message(1, { id: 'later', sendAt: later }))
  expect(await findPush(account, 'now')).toMatchObject({ status: 'queued', reason: null })

  await accountState.pauseByHand({ detail: 'the price is wrong', since: Date.now() })
  const paused = { status: 'queued', reason: 'paused', detail: 'the price is wrong' }
  expect(await findPush(account, 'now')).toMatchObject({ id: 'now', ...paused })
  expect(await findPush(account, 'later')).toMatchObject({ status: 'queued', reason: null, detail: null })
  for await (const { id } of listPushes(account, { status: 'queued', reason: 'paused' })) listed.push(id)
  expect(listed).toEqual(['now'])

  await accountState.resume()
  expect(await findPush(account, 'now')).toMatchObject({ status: 'queued', reason: null, detail: null })
})
