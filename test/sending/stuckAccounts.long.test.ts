import { expect, test, vi } from 'vitest'
import { startSeveralAccounts } from '../helpers/severalAccounts.ts'

const path = '/cgi-bin/message/template/send'
const names = ['a', 'b', 'c', 'd', 'busy', 'mute']
const well = names.slice(0, 4)
const each = 200

test('an account that WeChat is busy for and one that hangs stop no other', async () => {
  const world = await startSeveralAccounts(names)
  world.at('busy').controls.addFault({ path, action: { errcode: -1 } })
  world.at('mute').controls.addFault({ path, action: 'hang' })
  for (const name of names) for (let n = 0; n < 20; n++) await world.follow(name, n)
  const messages = names.flatMap((name) =>
    Array.from({ length: each }, (_, n) => world.message(n % 20, [name], { id: `${name}${n}` })),
  )
  expect(await world.producer.pushMany(messages)).toMatchObject({ queued: names.length * each, invalid: [] })
  await world.startWorkers({ concurrency: 20 })
  const { mute, busy } = { mute: world.at('mute').controls, busy: world.at('busy').controls }
  const isDone = () => well.every((name) => world.at(name).controls.stats().accepted === each)
  await vi.waitUntil(isDone, { interval: 20, timeout: 60_000 })
  for (const name of well) {
    expect(await world.ended(name, `${name}${each - 1}`)).toMatchObject({ status: 'sent', attempts: 1 })
  }
  // Both are still stuck.
  expect(mute.stats()).toMatchObject({ accepted: 0 })
  expect(mute.stats().calls[path]).toBeGreaterThan(0)
  expect(busy.stats()).toMatchObject({ accepted: 0 })
  expect(busy.stats().calls[path]).toBeGreaterThan(0)
}, 120_000)
