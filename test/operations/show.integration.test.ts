import { expect, onTestFinished, test, vi } from 'vitest'
import { createQueuedPushes } from '../../src/operations/queuedPushes.ts'
import { findPush } from '../../src/operations/show.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { startPushing } from '../helpers/pushing.ts'

test('a push that is sent between the looks into table and queue is found', async () => {
  const world = await startPushing()
  const { appid, pushes } = world
  const queue = openProducerQueue(world.queue, appid)
  onTestFinished(() => queue.close())
  const queued = createQueuedPushes({ appid, pushes, openQueue: () => queue })
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
