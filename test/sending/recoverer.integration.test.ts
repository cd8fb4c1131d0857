import { expect, onTestFinished, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { resend } from '../../src/operations/resend.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { connectWorker } from '../../src/queue/workerQueue.ts'
import { createHeldForwarder } from '../../src/sending/heldForwarder.ts'
import { recoverOrphans, startRecoverer } from '../../src/sending/recoverer.ts'
import { createTestLog, type Pushing, startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const until = (condition: () => unknown) => vi.waitUntil(condition, { interval: 5, timeout: 20 * second })
const soon = () => Date.now() + minute

async function openQueue(world: Pushing) {
  const connection = await connectWorker(world.queue, world.log)
  const opened = connection.openQueue(world.appid)
  onTestFinished(async () => {
    await opened.close()
    await connection.close()
  })
  return opened.queue
}

/** Pushes that WeChat put off, so that they have a record and wait in the queue. */
async function putOff(world: Pushing, ids: readonly (string | undefined)[]): Promise<void> {
  world.simulator.addFault({ path: send, action: { status: 502 } })
  const worker = await world.startWorker()
  await world.producer().pushMany(ids.map((id, n) => world.message(n, { id, expiresAt: soon() })))
  await until(() => world.rows().filter(({ reason }) => reason === 'retry').length === ids.length)
  await worker.stop()
}

function toDeps(world: Pushing, queue: Awaited<ReturnType<typeof openQueue>>) {
  const { pushes, held, log } = world
  return { queue, pushes, releaseNext: createHeldForwarder({ queue, held, log }).next }
}

test('a push whose job waits is left alone, and ends as unknown when the job is gone', async () => {
  const world = await startPushing()
  await putOff(world, ['own', undefined])
  const queue = await openQueue(world)
  const before = Date.now() + second
  expect(await recoverOrphans(toDeps(world, queue), before)).toBe(0)
  expect(world.rows().map(({ status }) => status)).toEqual(['queued', 'queued'])

  await queue.obliterate({ force: true })
  expect(await recoverOrphans(toDeps(world, queue), 1_000)).toBe(0)
  expect(await recoverOrphans(toDeps(world, queue), before)).toBe(2)
  expect(await world.row('own')).toMatchObject({
    status: 'unknown',
    reason: 'ambiguous',
    detail: toStored(say('outcome.job_gone')),
    finishedAt: expect.any(Number),
  })
  expect(await recoverOrphans(toDeps(world, queue), before)).toBe(0)
})

test('a push that somebody writes while its job is looked for is left alone', async () => {
  const world = await startPushing()
  await putOff(world, ['own'])
  const queue = await openQueue(world)
  await queue.obliterate({ force: true })
  const deps = toDeps(world, queue)
  const { find, record } = world.pushes
  const pushes = {
    ...world.pushes,
    async find(id: string) {
      const row = await find(id)
      if (row) await record(row)
      return row
    },
  }
  expect(await recoverOrphans({ ...deps, pushes }, Date.now() + second)).toBe(0)
  expect(await world.row('own')).toMatchObject({ status: 'queued', reason: 'retry' })
})

test('a push that was sent again on purpose is found by its new job', async () => {
  const world = await startPushing()
  await putOff(world, ['p'])
  const queue = await openQueue(world)
  await queue.obliterate({ force: true })
  await recoverOrphans(toDeps(world, queue), soon())
  const producerQueue = openProducerQueue(world.queue, world.appid)
  onTestFinished(() => producerQueue.close())
  expect(await resend({ queue: producerQueue, pushes: world.pushes }, world.rows())).toBe(1)
  expect(await recoverOrphans(toDeps(world, queue), soon())).toBe(0)
  world.simulator.clearFaults()
  await world.startWorker()
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent', generation: 1 })
})

test('a push that waits for its user has no job and is no orphan; what was held behind an orphan goes on', async () => {
  const world = await startPushing()
  const stranger = 20
  const { openid, unionid } = world.simulator.userAt(stranger)
  const worker = await world.startWorker()
  await world
    .producer()
    .pushMany(['first', 'second'].map((id) => world.message(stranger, { id, hold: true, expiresAt: soon() })))
  await until(() => world.rows().filter(({ reason }) => reason === 'hold').length === 2)
  const queue = await openQueue(world)
  expect(await recoverOrphans(toDeps(world, queue), soon())).toBe(0)

  world.simulator.addFault({ path: send, action: { status: 502 } })
  world.simulator.follow(openid)
  await world.followers.upsert([{ openid, subscribed: true, unionid }], { at: Date.now() })
  await until(async () => (await world.row('first'))?.reason === 'retry')
  await worker.stop()
  await queue.obliterate({ force: true })
  expect(await recoverOrphans(toDeps(world, queue), soon())).toBe(1)
  expect(await world.row('first')).toMatchObject({ status: 'unknown' })
  world.simulator.clearFaults()
  await world.startWorker()
  await world.ended(2)
  expect(await world.row('second')).toMatchObject({ status: 'sent' })
})

test('looks every ten minutes, in one process', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const looks: number[] = []
  const start = (mayLook: boolean) =>
    startRecoverer({
      queue: { getJob: async () => undefined },
      pushes: {
        find: async () => undefined,
        recordUnchanged: async () => true,
        findOpen: async (before) => {
          looks.push(Date.now() - before)
          return []
        },
      },
      mayLook: async () => mayLook,
      releaseNext: async () => {},
      log: createTestLog().log,
    })
  const searches = [start(true), start(false)]
  await vi.advanceTimersByTimeAsync(25 * minute)
  for (const { stop } of searches) stop()
  await vi.advanceTimersByTimeAsync(25 * minute)
  expect(looks).toEqual([10 * minute, 10 * minute])
})
