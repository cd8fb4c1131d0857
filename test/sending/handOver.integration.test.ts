import { expect, test, vi } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'
import { startSeveralAccounts } from '../helpers/severalAccounts.ts'

const until = (condition: () => unknown) => vi.waitUntil(condition, { interval: 10, timeout: 20_000 })
const acceptedOf = (world: Awaited<ReturnType<typeof startSeveralAccounts>>) =>
  world.accounts.map(({ controls }) => controls.stats().accepted)

test('a push with a list goes to the first account that its user follows', async () => {
  const world = await startSeveralAccounts(['a', 'b', 'c'])
  await world.follow('b', 0)
  await world.follow('c', 0)
  await world.startWorkers()
  await world.producer.push(world.message(0, ['a', 'b', 'c'], { id: 'p' }))
  expect(await world.ended('b', 'p')).toMatchObject({ status: 'sent', templateId: world.templateOf('b') })
  expect(await world.row('a', 'p')).toMatchObject({
    status: 'skipped',
    reason: 'handed_over',
    detail: expect.stringMatching(/outcome\.handed_over.*"next":"b"/),
    templateId: world.templateOf('a'),
  })
  expect(await world.row('c', 'p')).toBeUndefined()
  expect(acceptedOf(world)).toEqual([0, 1, 0])
})

test('the last account of the list ends a push whose user follows none of them', async () => {
  const world = await startSeveralAccounts(['a', 'b', 'c'])
  await world.startWorkers()
  await world.producer.push(world.message(0, ['c', 'a', 'b'], { id: 'p' }))
  expect(await world.ended('b', 'p')).toMatchObject({ status: 'skipped', reason: 'not_following' })
  for (const name of ['c', 'a']) expect(await world.row(name, 'p')).toMatchObject({ reason: 'handed_over' })
  expect(acceptedOf(world)).toEqual([0, 0, 0])
})

test('WeChat saying that the user has left hands a push over too', async () => {
  const world = await startSeveralAccounts(['a', 'b'])
  await world.follow('a', 0)
  await world.follow('b', 0)
  world.at('a').controls.unfollow(world.at('a').controls.userAt(0).openid)
  await world.startWorkers()
  await world.producer.push(world.message(0, ['a', 'b'], { id: 'p' }))
  expect(await world.ended('b', 'p')).toMatchObject({ status: 'sent' })
  expect(await world.row('a', 'p')).toMatchObject({ reason: 'handed_over', errcode: 43004 })
})

test('a worker killed between its record and the next queue loses nothing and doubles nothing', async () => {
  const world = await startSeveralAccounts(['a', 'b'])
  await world.follow('b', 0)
  await world.producer.push(world.message(0, ['a', 'b'], { id: 'p' }))
  const { appid } = world.at('a')
  const [job] = await world.connection.openQueue(appid).run((q) => q.getJobs(['waiting']))
  if (!job) throw new Error('no job')
  await world.database.pushes(appid).add({
    ...toNewRow(appid, job.data, {
      jobId: job.id ?? '',
      data: job.data,
      timestamp: job.timestamp,
      starts: 1,
    }),
    status: 'skipped',
    reason: 'handed_over',
    finishedAt: Date.now(),
  })
  await world.startWorkers({}, ['a'])
  const next = world.connection.openQueue(world.at('b').appid)
  await until(async () => (await next.run((q) => q.getJobCounts('waiting'))).waiting === 1)
  // Handed out once more after that, as when it was killed before its job left the queue.
  await world.connection.openQueue(appid).run((q) => q.add(job.name, job.data, { jobId: job.id ?? '' }))
  await until(async () => {
    const counts = await world.connection
      .openQueue(appid)
      .run((q) => q.getJobCounts('waiting', 'active', 'delayed'))
    return Object.values(counts).every((count) => count === 0)
  })
  expect(await next.run((q) => q.getJobCounts('waiting'))).toEqual({ waiting: 1 })
  await world.startWorkers({}, ['b'])
  expect(await world.ended('b', 'p')).toMatchObject({ status: 'sent' })
  expect(acceptedOf(world)).toEqual([0, 1])
  expect(await world.producer.push(world.message(0, ['b'], { id: 'p' }))).toMatchObject({
    status: 'duplicate',
  })
})

test('held with a list it waits in the first account, and goes to the one that is followed', async () => {
  const world = await startSeveralAccounts(['a', 'b', 'c'])
  await world.startWorkers()
  const held = { hold: true, expiresAt: Date.now() + hour }
  const isHeld = async (id: string) => (await world.row('a', id))?.reason === 'hold'
  // One that waits for the first account only, and one for others, stand in nobody's way.
  await world.producer.push(world.message(0, ['a'], { id: 'plain', ...held }))
  await until(() => isHeld('plain'))
  await world.producer.push(world.message(0, ['a', 'b'], { id: 'other', ...held }))
  await until(() => isHeld('other'))
  await world.producer.push(world.message(0, ['a', 'c'], { id: 'p', ...held }))
  await until(() => isHeld('p'))
  await world.follow('c', 0)
  expect(await world.ended('c', 'p')).toMatchObject({ status: 'sent' })
  expect(await world.row('a', 'p')).toMatchObject({ reason: 'handed_over' })
  for (const id of ['plain', 'other']) expect(await world.row('a', id)).toMatchObject({ reason: 'hold' })
  expect(acceptedOf(world)).toEqual([0, 0, 1])

  await world.follow('a', 0)
  expect(await world.ended('a', 'other')).toMatchObject({ status: 'sent' })
  expect(await world.ended('a', 'plain')).toMatchObject({ status: 'sent' })
})

test('an id counts for the whole list, also in another order', async () => {
  const world = await startSeveralAccounts(['a', 'b'])
  await world.follow('a', 0)
  await world.follow('b', 0)
  await world.startWorkers()
  await world.producer.push(world.message(0, ['a', 'b'], { id: 'p' }))
  expect(await world.ended('a', 'p')).toMatchObject({ status: 'sent' })
  await world.producer.push(world.message(0, ['b', 'a'], { id: 'p' }))
  await world.producer.push(world.message(1, ['b'], { id: 'after' }))
  await world.ended('b', 'after')
  const { appid } = world.at('b')
  const left = () => world.connection.openQueue(appid).run((q) => q.getJobCounts('waiting', 'active'))
  await until(async () => Object.values(await left()).every((count) => count === 0))
  expect(await world.row('b', 'p')).toBeUndefined()
  expect(acceptedOf(world)).toEqual([1, 0])
})
