import { expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { createTemplatePauses } from '../../src/db/sqlite/account/templatePauses.ts'
import { resumeTemplate } from '../../src/operations/pauses/resumeTemplate.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import type { SimulatedTemplate } from '../../src/simulator/options.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const list = '/cgi-bin/template/get_all_private_template'
const patience = { timeout: 10 * second, interval: 10 }

/** A world whose first template was listed once; `listed` says which ones WeChat lists now. */
async function startWorld() {
  const world = await startPushing()
  const { simulator, templates } = world
  const [first, second] = simulator.templates.map(({ templateId }) => templateId)
  if (first === undefined || second === undefined) throw new Error('the simulator has two templates')
  const industry = { primaryIndustry: '', deputyIndustry: '' }
  const rows = simulator.templates.map(({ templateId, title, content }) => {
    return { templateId, title, content, example: '', ...industry }
  })
  await templates.replace(rows, Date.now() - 1)
  const vanish = () => {
    const left = rows.filter(({ templateId }) => templateId !== first)
    const body = JSON.stringify({
      template_list: left.map(({ templateId: template_id, title, content }) => {
        return { template_id, title, content, example: '', primary_industry: '', deputy_industry: '' }
      }),
    })
    simulator.addFault({ path: list, action: { status: 200, body } })
    simulator.addFault({ path: send, match: { templateId: first }, action: { errcode: 40037 } })
  }
  const pauses = createTemplatePauses(world.database, world.appid)
  return { ...world, first, second, pauses, vanish, data: toExample(simulator.templates[1]) }
}

/** The values of the example, which break no rule. */
function toExample(template: SimulatedTemplate | undefined) {
  const { content = '', example = '' } = template ?? {}
  const pattern = content.trim().replaceAll(/\{\{(\w+)\.DATA\}\}/g, '(?<$1>.+)')
  return { ...new RegExp(`^${pattern}$`).exec(example.trim())?.groups }
}

type World = Awaited<ReturnType<typeof startWorld>>

const rowIs = (world: Pushing, id: string, row: object) =>
  vi.waitFor(async () => expect(await world.row(id)).toMatchObject(row), patience)
const sends = ({ simulator }: Pushing) => simulator.stats().calls[send] ?? 0

/** The time until the next look at the template is over, and that of the pushes that wait for it. */
async function endWait(
  { pauses, first }: World,
  queue: { getJobs: (types: 'delayed'[]) => Promise<{ promote(): Promise<void> }[]> },
) {
  await pauses.claimProbe(first, Number.MAX_SAFE_INTEGER, Date.now() - 1)
  for (const job of await queue.getJobs(['delayed'])) await job.promote()
}

test('a template that vanished pauses its own pushes alone, and sends them when it is there again', async () => {
  const world = await startWorld()
  const { queue } = await world.startWorker()
  world.vanish()
  await world.producer().push(world.message(0, { id: 'first' }))
  await rowIs(world, 'first', { status: 'queued', reason: 'paused', attempts: 0, errcode: 40037 })
  const [pause] = await world.pauses.list()
  expect(pause).toMatchObject({ templateId: world.first, reason: 'template_invalid', probes: 0 })
  expect(pause?.detail).toContain('40037')
  await world.producer().push(world.message(1, { id: 'later' }))
  await rowIs(world, 'later', { status: 'queued', reason: 'paused', attempts: 0 })
  expect(sends(world)).toBe(1)
  world.simulator.clearFaults()
  // Listed again, as cron would.
  await world.templates.replace(
    world.simulator.templates.map(({ templateId, title, content }) => {
      return { templateId, title, content, example: '', primaryIndustry: '', deputyIndustry: '' }
    }),
    Date.now(),
  )
  await vi.waitUntil(async () => (await queue.getJobCounts('delayed')).delayed === 2, patience)
  await endWait(world, queue)
  await rowIs(world, 'first', { status: 'sent' })
  await rowIs(world, 'later', { status: 'sent' })
  expect(await world.pauses.list()).toEqual([])
  expect(world.lines.map(({ msg }) => msg)).toContain('template resumed')
})

test('pushes of other templates go on meanwhile', async () => {
  const world = await startWorld()
  await world.startWorker()
  world.simulator.addFault({ path: send, match: { templateId: world.first }, action: { errcode: 43116 } })
  await world.producer().push(world.message(0, { id: 'first' }))
  await rowIs(world, 'first', { status: 'queued', reason: 'paused', errcode: 43116 })
  await world.producer().push(world.message(1, { id: 'other', templateId: world.second, data: world.data }))
  await rowIs(world, 'other', { status: 'sent' })
  expect((await world.pauses.list()).map(({ templateId }) => templateId)).toEqual([world.first])
})

test('a look at a banned template takes one push, whatever waits, and the next look is later', async () => {
  const world = await startWorld()
  const { queue } = await world.startWorker()
  world.simulator.addFault({ path: send, match: { templateId: world.first }, action: { errcode: 43116 } })
  await world.producer().pushMany(Array.from({ length: 10 }, (_, n) => world.message(n, { id: `p${n}` })))
  await vi.waitFor(async () => {
    expect(world.rows().filter(({ reason }) => reason === 'paused')).toHaveLength(10)
    expect((await queue.getJobCounts('delayed')).delayed).toBe(10)
  }, patience)
  const before = sends(world)
  await endWait(world, queue)
  await vi.waitUntil(() => sends(world) > before, patience)
  await vi.waitUntil(async () => (await queue.getJobCounts('delayed')).delayed === 10, patience)
  expect(sends(world)).toBe(before + 1)
  const [pause] = await world.pauses.list()
  expect(pause?.probes).toBe(2)
  expect(pause?.probeAt).toBeGreaterThan(Date.now() + 5 * 60 * second)
  for (const { attempts } of world.rows()) expect(attempts).toBe(0)
})

test('a push that waits for its template expires as others do', async () => {
  const world = await startWorld()
  await world.startWorker()
  world.vanish()
  await world.producer().push(world.message(0, { id: 'p' }))
  await rowIs(world, 'p', { reason: 'paused' })
  await world.producer().push(world.message(1, { id: 'q', expiresAt: Date.now() + 1_500 }))
  await rowIs(world, 'q', { status: 'skipped', reason: 'expired' })
  await rowIs(world, 'p', { status: 'queued', reason: 'paused' })
})

test('an id that WeChat never listed is refused at once', async () => {
  const world = await startWorld()
  await world.startWorker()
  await world.producer().push(world.message(0, { id: 'p', templateId: 'x'.repeat(43) }))
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'rejected', reason: 'template_invalid' })
  expect(await world.pauses.list()).toEqual([])
})

test('resume --template lets its pushes go at once', async () => {
  const world = await startWorld()
  const { queue } = await world.startWorker()
  world.simulator.addFault({ path: send, match: { templateId: world.first }, action: { errcode: 48011 } })
  await world.producer().pushMany(Array.from({ length: 3 }, (_, n) => world.message(n, { id: `p${n}` })))
  await vi.waitFor(async () => {
    expect(world.rows().filter(({ reason }) => reason === 'paused')).toHaveLength(3)
    expect((await queue.getJobCounts('delayed')).delayed).toBe(3)
  }, patience)
  world.simulator.clearFaults()
  const opened = openProducerQueue(world.queue, world.appid)
  const answer = await resumeTemplate(
    {
      ...{ name: 'shop', appid: world.appid, pushes: world.pushes, templatePauses: world.pauses },
      openQueue: () => opened,
      alerts: { post() {} },
    },
    world.first,
  )
  await opened.close()
  expect(answer).toEqual({
    account: 'shop',
    appid: world.appid,
    templateId: world.first,
    resumed: true,
    released: 3,
  })
  await vi.waitFor(
    () => expect(world.rows().map(({ status }) => status)).toEqual(['sent', 'sent', 'sent']),
    patience,
  )
})
