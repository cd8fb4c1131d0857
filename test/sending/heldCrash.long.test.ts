import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { hour, second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'

test('workers killed while held pushes go out lose none, double none and keep the order of each user', async () => {
  const world = await startPushing({ simulator: { latencyMs: 20 } })
  const users = Array.from({ length: 8 }, (_, n) => world.simulator.userAt(20 + n))
  const texts = Array.from({ length: 8 }, (_, n) => `第${n}条`)
  const expiresAt = Date.now() + hour
  const messages = texts.flatMap((text) =>
    users.map(({ unionid }) =>
      world.message(0, { unionid, hold: true, expiresAt, data: { thing1: text, time2: '15:01' } }),
    ),
  )
  await world.producer().pushMany(messages)
  const until = (condition: () => unknown) => vi.waitUntil(condition, { interval: 1, timeout: 20 * second })

  // The first one dies while it holds them, the second while they are released, the third while they are sent.
  const parking = await world.startWorkerProcess()
  await until(async () => (await world.held.count()) >= 20)
  parking.kill('SIGKILL')
  await once(parking, 'exit')
  const releasing = await world.startWorkerProcess()
  await until(async () => (await world.held.count()) === messages.length)
  const at = Date.now()
  const infos = users.map(({ openid, unionid }) => ({ openid, unionid, subscribed: true, subscribeTime: at }))
  for (const { openid } of users) world.simulator.follow(openid)
  await world.followers.upsert(infos, { at })
  await until(() => (world.simulator.stats().calls['/cgi-bin/message/template/send'] ?? 0) >= 1)
  releasing.kill('SIGKILL')
  await once(releasing, 'exit')
  const sending = await world.startWorkerProcess()
  await until(() => world.simulator.stats().accepted >= 20)
  sending.kill('SIGKILL')
  await once(sending, 'exit')

  await world.startWorkerProcess()
  const rows = await world.ended(messages.length)
  expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  const accepted = [...world.simulator.accepted()]
  expect(accepted).toHaveLength(messages.length)
  for (const { openid } of users) {
    expect(accepted.filter((message) => message.openid === openid).map(({ data }) => data.thing1)).toEqual(
      texts,
    )
  }
})

test('two workers keep the order of each user as well', async () => {
  const world = await startPushing({ simulator: { latencyMs: 5 } })
  await world.startWorkerProcess()
  await world.startWorkerProcess()
  const users = Array.from({ length: 5 }, (_, n) => world.simulator.userAt(20 + n))
  const texts = Array.from({ length: 8 }, (_, n) => `第${n}条`)
  const expiresAt = Date.now() + hour
  const messages = texts.flatMap((text) =>
    users.map(({ unionid }) =>
      world.message(0, { unionid, hold: true, expiresAt, data: { thing1: text, time2: '15:01' } }),
    ),
  )
  await world.producer().pushMany(messages)
  await vi.waitUntil(async () => (await world.held.count()) === messages.length, { timeout: 20 * second })
  for (const { openid, unionid } of users) {
    world.simulator.follow(openid)
    await world.followers.upsert([{ openid, unionid, subscribed: true }], { at: Date.now() })
  }
  await world.ended(messages.length)
  const accepted = [...world.simulator.accepted()]
  expect(accepted).toHaveLength(messages.length)
  for (const { openid } of users) {
    expect(accepted.filter((message) => message.openid === openid).map(({ data }) => data.thing1)).toEqual(
      texts,
    )
  }
})
