import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { day, second } from '../../src/base/duration.ts'
import type { Fault } from '../../src/simulator/control/fault.ts'
import { type Pushing, redisUrl, startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const token = '/cgi-bin/stable_token'
const many = (world: Pushing, count: number) =>
  world.producer().pushMany(Array.from({ length: count }, (_, n) => world.message(n % 20, { id: `p${n}` })))
const calls = ({ simulator }: Pushing, path = send) => simulator.stats().calls[path] ?? 0
/** The next probe of a paused account comes now instead of when it is due. */
const probeNow = async ({ database }: Pushing) =>
  database.write([{ sql: 'update account_state set probe_at = 0', params: [] }])
const patience = { timeout: 10 * second }
const isPaused = async ({ accountState }: Pushing) => Boolean((await accountState.find())?.pausedReason)

test('a try that fails on the way is repeated with the same client_msg_id, and its message arrives once', async () => {
  const accepted = true
  const faults: [string, Omit<Fault, 'match'>][] = [
    ['a 502', { action: { status: 502 } }],
    ['a 502 after the message was accepted', { action: { status: 502 }, accepted }],
    ['an HTML page', { action: 'html', accepted }],
    ['half of the answer', { action: 'truncated' }],
    ['garbage', { action: 'garbage', accepted }],
    ['an empty answer', { action: 'empty' }],
    ['an answer without end', { action: 'endless' }],
    ['a connection reset before', { action: 'reset_before' }],
    ['a connection reset after', { action: 'reset_after' }],
    ['a connection reset in the middle', { action: 'reset_midway' }],
    ['a fault of the platform', { action: { errcode: 20001 } }],
  ]
  const world = await startPushing()
  const openidOf = (n: number) => world.simulator.userAt(n).openid
  for (const [n, [, fault]] of faults.entries()) {
    world.simulator.addFault({ ...fault, path: send, times: 1, match: { openid: openidOf(n) } })
  }
  await world.startWorker()
  await world.producer().pushMany(faults.map(([id], n) => world.message(n, { id })))
  const rows = await world.ended(faults.length)
  expect(rows.map(({ id, status, unknownSince }) => ({ id, status, unknownSince }))).toEqual(
    expect.arrayContaining(faults.map(([id]) => ({ id, status: 'sent', unknownSince: null }))),
  )
  const messages = [...world.simulator.accepted()]
  expect(messages.map(({ openid }) => openid).sort()).toEqual(faults.map((_, n) => openidOf(n)).sort())
  for (const { openid, msgid } of messages)
    expect(rows.find((row) => row.openid === openid)?.msgid).toBe(msgid)
  expect(calls(world)).toBe(2 * faults.length)
})

test('an answer that is slow but comes costs no try', async () => {
  const world = await startPushing()
  await world.startWorker()
  world.simulator.addFault({ path: send, action: { delayMs: 1_500 } })
  await world.producer().push(world.message(0, { id: 'p' }))
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent', attempts: 1 })
})

test('a job whose lock is lost is no outage of the queue', async () => {
  const world = await startPushing()
  await world.startWorker()
  const redis = new Redis(redisUrl)
  onTestFinished(() => redis.disconnect())
  await redis.ping()
  // As long as the lock is there, however busy the machine is.
  world.simulator.addFault({ path: send, action: { delayMs: 2_000 }, times: 1 })
  await world.producer().push(world.message(0, { id: 'p' }))
  await vi.waitUntil(() => calls(world) === 1, patience)
  const [lock] = await redis.keys(`*${world.appid}}:*:lock`)
  expect(await redis.del(lock ?? '')).toBe(1)
  await vi.waitUntil(() => world.lines.some(({ msg }) => msg === 'lock of a job lost'), patience)
  expect(world.lines.filter(({ need }) => need === 'queue')).toEqual([])
  expect(await world.row('p')).toMatchObject({ status: 'sent', attempts: 1 })
})

describe('a message that WeChat has although it answers with an errcode', () => {
  test('40252 is in review: sent, never tried again, nothing that failed', async () => {
    const world = await startPushing()
    await world.startWorker()
    world.simulator.addFault({ path: send, action: { errcode: 40252 }, times: 1 })
    await world.producer().push(world.message(0, { id: 'p' }))
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({
      status: 'sent',
      reason: 'in_review',
      detail: expect.stringContaining('wechat.40252'),
      msgid: null,
      errcode: 40252,
      rid: expect.stringMatching(/^[\da-f-]{26}$/),
      attempts: 1,
      unknownSince: null,
      sentAt: expect.any(Number),
    })
    expect(world.simulator.stats().accepted).toBe(1)
    expect(calls(world)).toBe(1)
  })

  test('45065 after a lost answer is the earlier try, whose msgid it may tell', async () => {
    const world = await startPushing({ simulator: { dedupeAnswer: 45065 } })
    await world.startWorker()
    world.simulator.addFault({ path: send, action: 'reset_after', times: 1 })
    await world.producer().push(world.message(0, { id: 'p' }))
    await world.ended(1)
    const [message] = world.simulator.accepted()
    expect(await world.row('p')).toMatchObject({
      status: 'sent',
      reason: null,
      detail: null,
      msgid: message?.msgid,
      errcode: null,
      attempts: 1,
      unknownSince: null,
    })
  })

  test('45065 without a msgid is sent too', async () => {
    const world = await startPushing()
    await world.startWorker()
    world.simulator.addFault({ path: send, action: 'reset_after', times: 1 })
    world.simulator.addFault({ path: send, action: { errcode: 45065 }, times: 1 })
    await world.producer().push(world.message(0, { id: 'p' }))
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({
      status: 'sent',
      reason: 'already_sent',
      msgid: null,
      errcode: 45065,
    })
    expect(world.simulator.stats().accepted).toBe(1)
  })

  test('45066 after a lost answer leaves the push in doubt and asks again in a minute', async () => {
    const world = await startPushing()
    const { queue } = await world.startWorker({ attempts: 2 })
    world.simulator.addFault({ path: send, action: 'reset_after', times: 1 })
    world.simulator.addFault({ path: send, action: { errcode: 45066 } })
    await world.producer().push(world.message(0, { id: 'p' }))
    await vi.waitUntil(async () => (await world.row('p'))?.errcode === 45066, patience)
    expect(await world.row('p')).toMatchObject({
      status: 'queued',
      reason: 'retry',
      attempts: 0,
      unknownSince: expect.any(Number),
    })
    await vi.waitUntil(async () => (await queue.getJobCounts('delayed')).delayed === 1, patience)
    const [job] = await queue.getJobs(['delayed'])
    expect(job?.delay).toBeGreaterThan(58 * second)
    expect((await world.accountState.find())?.rate ?? null).toBeNull()
  })
})

test('a user who got the message and left before it could be asked again is not called rejected', async () => {
  const world = await startPushing()
  await world.startWorker()
  world.simulator.addFault({ path: send, action: 'reset_after', times: 1 })
  await world.producer().push(world.message(0, { id: 'p' }))
  await vi.waitUntil(() => world.simulator.stats().accepted === 1, { interval: 1, timeout: 5 * second })
  world.simulator.unfollow(world.simulator.userAt(0).openid)
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'unknown', reason: 'ambiguous', errcode: 43004 })
  expect(await world.followers.findByOpenid(world.simulator.userAt(0).openid)).toMatchObject({
    subscribed: false,
  })
})

test('a token killed in the middle of 1,000 sends is renewed once and costs no try', async () => {
  const world = await startPushing()
  await many(world, 1_000)
  await world.startWorker()
  await vi.waitUntil(() => world.simulator.stats().accepted > 300, { interval: 1, timeout: 10 * second })
  world.simulator.killToken()
  const rows = await world.ended(1_000)
  expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
  expect(world.simulator.stats()).toMatchObject({ accepted: 1_000, tokens: { fetches: 2 } })
})

describe('an account that WeChat refuses', () => {
  test('is asked no more often than sends were under way', async () => {
    const world = await startPushing({ simulator: { latencyMs: 50 } })
    world.simulator.addFault({ path: send, action: { errcode: 40164 } })
    await many(world, 40)
    const { queue } = await world.startWorker({ concurrency: 4 })
    await vi.waitUntil(() => isPaused(world), patience)
    await vi.waitUntil(async () => (await queue.getJobCounts('active')).active === 0, patience)
    expect(calls(world)).toBe(4)
    expect(world.rows().every(({ attempts }) => attempts === 0)).toBe(true)
  })

  test('for its quota pauses with everything kept, and goes on by itself when there is a new one', async () => {
    const world = await startPushing({ simulator: { quotas: { templateSend: 100 } } })
    await many(world, 300)
    const worker = await world.startWorker()
    await vi.waitUntil(() => isPaused(world), patience)
    await vi.waitUntil(async () => (await worker.queue.getJobCounts('active')).active === 0, patience)
    const refused = calls(world)
    expect(refused).toBeLessThanOrEqual(100 + 2 * 50)
    expect(await world.accountState.find()).toMatchObject({ pausedReason: 'quota_exhausted' })
    expect(world.rows().filter(({ status }) => status === 'sent')).toHaveLength(100)
    expect(world.rows().find(({ status }) => status === 'queued')).toMatchObject({
      reason: 'paused',
      attempts: 0,
      errcode: 45009,
    })

    for (const probes of [1, 2]) {
      await probeNow(world)
      await vi.waitUntil(async () => (await world.accountState.find())?.probes === probes, patience)
    }
    expect(calls(world, '/cgi-bin/openapi/quota/get')).toBeGreaterThan(0)
    expect(await isPaused(world)).toBe(true)
    expect(calls(world)).toBe(refused)

    world.simulator.advance(day)
    await probeNow(world)
    await vi.waitUntil(async () => !(await isPaused(world)), { timeout: 3 * second })
    await vi.waitUntil(() => world.simulator.stats().accepted >= 200, { timeout: 15 * second })
    expect(world.rows().every(({ attempts }) => attempts <= 1)).toBe(true)
    const alerts = world.lines.filter(({ level }) => level === 'error')
    expect(alerts.map(({ reason }) => reason)).toContain('quota_exhausted')
  })

  test('for its IP is told once, not hammered, and goes on by itself once it is allowed', async () => {
    const world = await startPushing()
    const fault = world.simulator.addFault({
      path: token,
      action: {
        errcode: 40164,
        errmsg: 'invalid ip 118.190.42.90 ipv6 ::ffff:118.190.42.90, not in whitelist',
      },
    })
    await many(world, 200)
    const worker = await world.startWorker()
    await vi.waitUntil(() => isPaused(world), patience)
    // The row comes first.
    await vi.waitUntil(() => worker.queue.isPaused(), patience)
    expect(await world.accountState.find()).toMatchObject({
      pausedReason: 'ip_not_allowed',
      pausedDetail: expect.stringMatching(
        /wechat\.ipNotListed.+118\.190\.42\.90.+errcode 40164, rid [\da-f-]{26}"/,
      ),
    })
    for (let probes = 1; probes <= 3; probes++) {
      await probeNow(world)
      await vi.waitUntil(async () => ((await world.accountState.find())?.probes ?? 0) >= probes, {
        timeout: 3 * second,
      })
    }
    expect(calls(world, token)).toBeLessThan(10)
    expect(calls(world)).toBe(0)

    fault.remove()
    // A token that was refused a moment ago is not asked for again at once, so the next probe may be in vain too; and a
    // probe right after one that went well would begin the trial again.
    await vi.waitUntil(
      async () => {
        await probeNow(world)
        return !(await isPaused(world))
      },
      { timeout: 30 * second, interval: 2 * second },
    )
    const rows = await world.ended(200)
    expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
    const alarms = world.lines.filter(({ level }) => level === 'error')
    expect(alarms).toEqual([
      expect.objectContaining({
        msg: 'account paused',
        detail: expect.stringMatching(/\(errcode 40164, rid [\da-f-]{26}\)$/),
      }),
    ])
    expect(await isPaused(world)).toBe(false)
  })

  test('again right after it was resumed is probed less and less often', async () => {
    const world = await startPushing()
    world.simulator.addFault({ path: send, action: { errcode: 48001 } })
    await many(world, 5)
    await world.startWorker()
    await vi.waitUntil(() => isPaused(world), patience)
    await probeNow(world)
    await vi.waitUntil(
      async () => {
        const state = await world.accountState.find()
        return state?.pausedReason && state.probes > 0 && (state.probeAt ?? 0) > Date.now() + 7 * second
      },
      { timeout: 15 * second },
    )
  })

  test('is still paused for a worker that starts later, which probes at once', async () => {
    const world = await startPushing()
    const fault = world.simulator.addFault({ path: send, action: { errcode: 50002 } })
    await many(world, 20)
    const worker = await world.startWorker()
    await vi.waitUntil(() => isPaused(world), patience)
    await worker.stop()
    fault.remove()
    await world.database.write([{ sql: 'update account_state set probe_at = ?', params: [Date.now() + day] }])
    await world.startWorker()
    const rows = await world.ended(20)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  })
})

describe('an account that is too fast', () => {
  test('sends the refused push to the next minute, slows down, and spends no try', async () => {
    const world = await startPushing()
    world.simulator.addFault({ path: send, action: { errcode: 45011 }, after: 50, times: 5 })
    await many(world, 200)
    const worker = await world.startWorker({ concurrency: 10 })
    const rows = await world.ended(195)
    expect(rows.filter(({ status }) => status === 'sent')).toHaveLength(195)
    const refused = rows.filter(({ status }) => status === 'queued')
    expect(refused).toHaveLength(5)
    expect(refused.every(({ attempts, errcode }) => attempts === 0 && errcode === 45011)).toBe(true)
    expect((await world.accountState.find())?.rate).toBeGreaterThan(0)
    const [job] = await worker.queue.getJobs(['delayed'])
    expect(job?.delay).toBeGreaterThan(58 * second)
  })

  test('never sends more than PUSH_RATE', async () => {
    const world = await startPushing()
    await many(world, 100)
    await world.startWorker({ rate: 50 })
    await world.ended(100)
    const times = [...world.simulator.accepted()].map(({ at }) => at)
    const duration = Math.max(...times) - Math.min(...times)
    expect(duration).toBeGreaterThan(1.7 * second)
    expect(duration).toBeLessThan(4 * second)
  })
})

test('while WeChat cannot be reached few calls are made, no try is spent, and all is sent when it is back', async () => {
  const world = await startPushing()
  const { port } = world.simulator
  await many(world, 500)
  world.simulator.addFault({ path: token, action: 'reset_before' })
  await world.startWorker()
  await vi.waitUntil(() => world.lines.some(({ need }) => need === 'wechat'), { timeout: 10 * second })
  const before = calls(world, token)
  expect(port).toBeGreaterThan(0)
  expect(before).toBeLessThan(50)
  world.simulator.clearFaults()
  const rows = await world.ended(500)
  expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
  expect(world.lines.filter(({ need, level }) => need === 'wechat' && level === 'warn')).toHaveLength(1)
})
