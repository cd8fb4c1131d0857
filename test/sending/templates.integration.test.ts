import { expect, test, vi } from 'vitest'
import { day, second } from '../../src/base/duration.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const list = '/cgi-bin/template/get_all_private_template'
const listings = ({ simulator }: Pushing) => simulator.stats().calls[list] ?? 0
const patience = { timeout: 10 * second, interval: 10 }
const deny = (world: Pushing, times: number) =>
  world.simulator.addFault({ path: send, action: { errcode: 40037 }, times })

/** As if the templates had been listed yesterday, with contents of that day. */
async function pretendListed({ simulator, templates }: Pushing, toContent: (content: string) => string) {
  const unclassified = { primaryIndustry: '', deputyIndustry: '' }
  const rows = simulator.templates.map(({ templateId, title, content, example }) => ({
    ...unclassified,
    ...{ templateId, title, content: toContent(content), example: example ?? '' },
  }))
  await templates.replace(rows, Date.now() - day)
}

test('a template nobody has listed yet is looked up at its first 40037 and gets a second look', async () => {
  const world = await startPushing()
  const { queue } = await world.startWorker()
  deny(world, 1)
  await world.producer().push(world.message(0, { id: 'p' }))
  await vi.waitUntil(async () => (await queue.getJobCounts('delayed')).delayed === 1, patience)
  expect(await world.row('p')).toMatchObject({ status: 'queued', reason: 'retry', errcode: 40037 })
  expect((await world.templates.list()).map(({ templateId }) => templateId).sort()).toEqual(
    world.simulator.templates.map(({ templateId }) => templateId).sort(),
  )
  const [job] = await queue.getJobs(['delayed'])
  await job?.promote()
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent', attempts: 2 })
  expect(listings(world)).toBe(1)
})

test('however many pushes and workers meet 40037, the templates are listed once a minute', async () => {
  const world = await startPushing()
  const messages = Array.from({ length: 60 }, (_, n) =>
    world.message(n % 20, { id: `p${n}`, templateId: String(n % 3).repeat(43) }),
  )
  await world.producer().pushMany(messages)
  const workers = [await world.startWorker({ concurrency: 10 }), await world.startWorker({ concurrency: 10 })]
  await vi.waitUntil(
    () => world.rows().length === 60 && world.rows().every(({ errcode }) => errcode),
    patience,
  )
  expect(listings(world)).toBe(1)
  for (const { reason, attempts } of world.rows())
    expect([
      ['template_invalid', 1],
      ['retry', 1],
    ]).toContainEqual([reason, attempts])
  expect(world.rows().some(({ reason }) => reason === 'template_invalid')).toBe(true)
  expect(workers).toHaveLength(2)
})

test('while WeChat does not say which templates there are, other pushes go out, and a worker stops', async () => {
  const world = await startPushing()
  await pretendListed(world, (content) => `${content}\n{{thing9.DATA}}`)
  world.simulator.addFault({ path: list, action: 'hang' })
  const { data } = world.message(0)
  const whole = { ...data, thing9: '无' }
  const worker = await world.startWorker({ concurrency: 2 })
  const doubtful = [0, 1, 2, 3].map((n) => world.message(n, { id: `doubtful${n}` }))
  await world.producer().pushMany(doubtful)
  await vi.waitUntil(() => listings(world) === 1, patience)
  await world.producer().pushMany([4, 5].map((n) => world.message(n, { id: `whole${n}`, data: whole })))
  await world.ended(2, 10 * second)
  expect(
    world
      .rows()
      .map(({ id, status }) => `${id} ${status}`)
      .sort(),
  ).toEqual(['whole4 sent', 'whole5 sent'])
  const from = performance.now()
  await worker.stop()
  expect(performance.now() - from).toBeLessThan(10 * second)
  // What was not known then is asked again by the next one.
  expect(listings(world)).toBe(1)
}, 60_000)

test('a list that cannot be had speaks for the template, once', async () => {
  const world = await startPushing()
  const { queue } = await world.startWorker()
  world.simulator.addFault({ path: list, action: { errcode: -1 } })
  deny(world, 2)
  await world.producer().push(world.message(0, { id: 'p' }))
  await vi.waitUntil(async () => (await queue.getJobCounts('delayed')).delayed === 1, patience)
  const [job] = await queue.getJobs(['delayed'])
  await job?.promote()
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'rejected', reason: 'template_invalid', attempts: 2 })
  expect(world.lines.filter(({ msg }) => msg === 'templates could not be listed')).toHaveLength(1)
})

test('a message that leaves out a keyword of its template ends before WeChat is asked', async () => {
  const world = await startPushing()
  await world.startWorker()
  await pretendListed(world, (content) => content)
  await world.producer().push(world.message(0, { id: 'p', data: { thing1: '订单已发货' } }))
  await world.producer().push(world.message(1, { id: 'q' }))
  await world.ended(2)
  expect(await world.row('p')).toMatchObject({
    status: 'rejected',
    reason: 'data_invalid',
    attempts: 0,
    detail: expect.stringContaining('data.time2'),
  })
  expect(await world.row('q')).toMatchObject({ status: 'sent' })
  expect(world.simulator.stats().calls[send]).toBe(1)
})

test('a template that asks for less by now than when it was listed is listed again before a message is refused', async () => {
  const world = await startPushing()
  await pretendListed(world, (content) => `${content}\n备注:{{thing9.DATA}}`)
  await world.startWorker()
  await world.producer().push(world.message(0, { id: 'p' }))
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent', attempts: 1 })
  expect(listings(world)).toBe(1)
})

test('opening and closing lines of old templates may be left out', async () => {
  const world = await startPushing()
  await pretendListed(world, (content) => `{{first.DATA}}\n${content}\n{{remark.DATA}}`)
  await world.startWorker()
  await world.producer().push(world.message(0, { id: 'p' }))
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent' })
  expect(listings(world)).toBe(0)
})
