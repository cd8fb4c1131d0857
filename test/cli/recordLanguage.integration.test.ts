import { expect, test } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'

const inChinese = { UNIONPUSH_LANG: 'zh' }

test('what records keep is printed in the language of the command, as text and as JSON', async () => {
  const world = await startCliWorld()
  await world.queuePushes({ taken: 0 })
  await world.run(['cancel', 'taken'])
  await world.run(['pause'])
  const [text, json, history, status, english] = await Promise.all([
    world.run(['show', 'taken'], inChinese),
    world.run(['show', 'taken', '--json'], inChinese),
    world.run(['history'], inChinese),
    world.run(['status', '--json'], inChinese),
    world.run(['show', 'taken', '--json'], { UNIONPUSH_LANG: 'en' }),
  ])
  expect(text.stdout).toContain('发出前已撤回')
  expect(JSON.parse(json.stdout).detail).toBe('发出前已撤回')
  expect(history.stdout).toContain('cancelled: 发出前已撤回')
  expect(JSON.parse(status.stdout).accounts[0].paused.detail).toBe('人工暂停')
  expect(JSON.parse(english.stdout).detail).toBe('it was taken back before it was sent')
})

test('a reason that a person gave is printed as it was given', async () => {
  const world = await startCliWorld()
  const reason = '{"key":"outcome.left"}'
  await world.run(['pause', '--reason', reason])
  expect((await world.json(['status'])).accounts[0].paused.detail).toBe(reason)
})
