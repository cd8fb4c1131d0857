import { describe, expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const miniprogram = { appid: 'wx0123456789abcdef', pagepath: 'pages/index' }
const patience = { timeout: 10 * second, interval: 10 }
const calls = ({ simulator }: Pushing) => simulator.stats().calls[send] ?? 0
const state = async ({ accountState }: Pushing) => accountState.find()
const alerts = ({ lines }: Pushing) => lines.filter(({ level }) => level === 'error')
const resumptions = ({ lines }: Pushing) => lines.filter(({ msg }) => msg === 'account resumed')

describe('a code of the account that one push gets among good ones ends that push alone:', () => {
  test.each([
    ['50002, the recipient is frozen', 50002, {}, 'recipient_invalid'],
    ['40013, the mini-program has no valid AppID', 40013, { miniprogram }, 'miniprogram_invalid'],
  ])('%s', async (_, errcode, more, reason) => {
    const world = await startPushing({ simulator: { latencyMs: 2 } })
    const bad = world.simulator.userAt(0).openid
    world.simulator.addFault({ path: send, action: { errcode }, match: { openid: bad } })
    const messages = Array.from({ length: 300 }, (_, n) =>
      world.message(n === 20 ? 0 : 1 + (n % 19), { id: `p${n}`, ...(n === 20 && more) }),
    )
    await world.producer().pushMany(messages)
    await world.startWorker({ concurrency: 10 })
    const rows = await world.ended(300)
    expect(rows.filter(({ status }) => status === 'sent')).toHaveLength(299)
    expect(await world.row('p20')).toMatchObject({ status: 'rejected', reason, errcode, attempts: 2 })
    expect(alerts(world)).toEqual([])
    expect((await state(world))?.pausedReason ?? null).toBeNull()
  })
})

describe.each([48004, 48001])('%i to everybody while quota/get answers well', (errcode) => {
  /** The next probe comes now instead of when it is due. */
  async function probe(world: Pushing) {
    const { probes = 0 } = (await state(world)) ?? {}
    // More than once: what a push that was under way was told puts the probe off again.
    const sql = 'update account_state set probe_at = 0 where probes = ?'
    await vi.waitUntil(async () => {
      await world.database.write([{ sql, params: [probes] }])
      const now = await state(world)
      // One that ended the pause is counted no more.
      return now?.pausedReason === null || (now?.probes ?? 0) > probes
    }, patience)
  }

  test('costs one send per probe and one alert; only an accepted send ends the pause', async () => {
    const world = await startPushing()
    const fault = world.simulator.addFault({ path: send, action: { errcode } })
    const messages = Array.from({ length: 100 }, (_, n) => world.message(n % 20, { id: `p${n}` }))
    await world.producer().pushMany(messages)
    const { queue } = await world.startWorker({ concurrency: 10 })
    await vi.waitUntil(async () => (await state(world))?.pausedReason, patience)
    await vi.waitUntil(async () => (await queue.getJobCounts('active')).active === 0, patience)
    const before = calls(world)
    expect(before).toBeLessThanOrEqual(20)
    for (let trials = 1; trials <= 3; trials++) {
      await probe(world)
      await vi.waitUntil(() => calls(world) >= before + trials, patience)
      await vi.waitUntil(() => queue.isPaused(), patience)
      expect((await queue.getJobCounts('active')).active).toBeLessThanOrEqual(1)
    }
    expect(calls(world)).toBe(before + 3)
    expect([alerts(world).length, resumptions(world).length]).toEqual([1, 0])
    fault.remove()
    await probe(world)
    const rows = await world.ended(100)
    expect(rows.filter(({ status }) => status !== 'sent')).toEqual([])
    expect(rows.every(({ attempts }) => attempts === 1)).toBe(true)
    expect([alerts(world).length, resumptions(world).length]).toEqual([1, 1])
    expect(await state(world)).toMatchObject({ pausedReason: null, probes: 0 })
  })
})
