import { expect, test } from 'vitest'
import { startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts, touched } from './world.ts'

test.each(['unionid', 'openid'] as const)(
  'who got a broadcast whose file named them by %s is left out of the next, by either name',
  async (name) => {
    const world = await startPushing({ simulator: { followers: 6 } })
    const broadcasts = openBroadcasts(world)
    await world.startWorker()
    const person = (n: number) => world.simulator.userAt(n)
    const refused = world.simulator.addFault({
      path: '/cgi-bin/message/template/send',
      action: { errcode: 40165 },
      match: { openid: person(2).openid },
    })
    const first = await broadcasts.create({
      audience: { rows: [0, 1, 2].map((n) => ({ [name]: person(n)[name] })) },
    })
    expect(await broadcasts.until(first.id, isFinished)).toMatchObject({ counts: { sent: 2, rejected: 1 } })
    refused.remove()

    const rows = [
      { unionid: person(0).unionid },
      { openid: person(1).openid },
      { unionid: person(2).unionid },
      { openid: person(3).openid },
    ]
    const second = await broadcasts.create({ audience: { rows }, except: first.id })
    expect(second).toMatchObject({ invalid: [], counts: { selected: 2 } })
    await broadcasts.until(second.id, isFinished)
    const rest = await broadcasts.create({ audience: { all: true }, except: first.id })
    expect(rest.counts.selected).toBe(4)
    expect(await broadcasts.until(rest.id, isFinished)).toMatchObject({ counts: { sent: 4 } })
    const times = (n: number) => touched(world).filter((openid) => openid === person(n).openid).length
    expect([0, 1, 2, 3, 4, 5].map(times)).toEqual([1, 1, 2, 2, 1, 1])
  },
)
