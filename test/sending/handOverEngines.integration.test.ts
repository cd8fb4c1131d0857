import { describe, expect, test, vi } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import { engines } from '../db/engines.ts'
import { startSeveralAccounts } from '../helpers/severalAccounts.ts'

const until = (condition: () => unknown) => vi.waitUntil(condition, { interval: 10, timeout: 20_000 })
const names = ['a', 'b', 'c']

describe.each(engines)('with the tables in $name', ({ create }) => {
  async function start() {
    const world = await startSeveralAccounts(names, {}, async () => (await create()).database)
    const queueOf = (name: string) => world.connection.openQueue(world.at(name).appid)
    return {
      ...world,
      /** What stands in the queue of an account whose worker does not run. */
      waiting: (name: string) => queueOf(name).run((q) => q.getJobs(['waiting', 'prioritized', 'delayed'])),
      accepted: () => world.accounts.map(({ controls }) => controls.stats().accepted),
      async whenHeld(name: string, id: string, since = 0) {
        await until(async () => {
          const row = await world.row(name, id)
          return row?.reason === 'hold' && (row.heldAt ?? 0) > since
        })
        return (await world.row(name, id))?.heldAt ?? 0
      },
    }
  }

  test('a push that is handed over keeps its priority and its end, and comes no earlier than it is to', async () => {
    const world = await start()
    const sendAt = Date.now() + 1_000
    const expiresAt = sendAt + hour
    await world.follow('b', 0)
    await world.producer.push(world.message(0, ['a', 'b'], { id: 'p', priority: 7, sendAt, expiresAt }))
    await world.startWorkers({}, ['a'])
    await until(async () => (await world.waiting('b')).length === 1)
    expect(await world.waiting('b')).toMatchObject([
      { priority: 7, data: { id: 'p', priority: 7, sendAt, expiresAt } },
    ])
    expect((await world.row('a', 'p'))?.finishedAt).toBeGreaterThanOrEqual(sendAt)
    await world.startWorkers({}, ['b'])
    expect(await world.ended('b', 'p')).toMatchObject({ status: 'sent', expiresAt })
    expect(world.accepted()).toEqual([0, 1, 0])
  })

  test('a held push keeps its priority when its user follows', async () => {
    const world = await start()
    const [worker] = await world.startWorkers({}, ['a'])
    const held = { hold: true, expiresAt: Date.now() + hour }
    await world.producer.push(world.message(0, ['a'], { id: 'p', priority: 7, ...held }))
    await world.whenHeld('a', 'p')
    await worker?.queue.pause()
    await world.follow('a', 0)
    await until(async () => (await world.waiting('a')).length === 1)
    expect(await world.waiting('a')).toMatchObject([{ priority: 7 }])
    await worker?.queue.resume()
    expect(await world.ended('a', 'p')).toMatchObject({ status: 'sent' })
  })

  test('held with a list, whose user follows one and leaves before it is sent, it waits on where it is', async () => {
    const world = await start()
    const [worker] = await world.startWorkers({}, ['a'])
    await world.producer.push(
      world.message(0, ['a', 'b'], { id: 'p', hold: true, expiresAt: Date.now() + hour }),
    )
    const heldAt = await world.whenHeld('a', 'p')
    await worker?.queue.pause()
    await world.follow('b', 0)
    await until(async () => (await world.waiting('a')).length === 1)
    await world.leave('b', 0)
    await worker?.queue.resume()
    await world.whenHeld('a', 'p', heldAt)
    expect(await world.waiting('b')).toEqual([])
    await world.follow('b', 0)
    await world.startWorkers({}, ['b'])
    expect(await world.ended('b', 'p')).toMatchObject({ status: 'sent' })
    expect(await world.row('a', 'p')).toMatchObject({ reason: 'handed_over' })
    expect(world.accepted()).toEqual([0, 1, 0])
  })

  test('whose user leaves when it has been handed over, it waits there for that account and those after it', async () => {
    const world = await start()
    await world.startWorkers({}, ['a'])
    await world.producer.push(world.message(0, names, { id: 'p', hold: true, expiresAt: Date.now() + hour }))
    await world.whenHeld('a', 'p')
    await world.follow('b', 0)
    await until(async () => (await world.waiting('b')).length === 1)
    await world.leave('b', 0)
    await world.startWorkers({}, ['b', 'c'])
    await world.whenHeld('b', 'p')
    await world.follow('c', 0)
    expect(await world.ended('c', 'p')).toMatchObject({ status: 'sent' })
    for (const name of ['a', 'b']) expect(await world.row(name, 'p')).toMatchObject({ reason: 'handed_over' })
    expect(world.accepted()).toEqual([0, 0, 1])
  })
})
