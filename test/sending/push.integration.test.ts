import { describe, expect, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { pushJobSchema } from '../../src/queue/job.ts'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'
import { openPlainQueue } from '../helpers/plainQueue.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const toJobData = (id: string, message: Record<string, unknown>) => ({
  v: 1,
  id,
  createdAt: Date.now(),
  ...message,
})
const accepted = ({ simulator }: Pushing) => [...simulator.accepted()]

describe('a push', () => {
  test('by unionid reaches that user, and its record has every digit of the msgid', async () => {
    const world = await startPushing()
    await world.startWorker()
    const receipt = await world.producer().push(world.message(3, { id: 'order-42-shipped' }))
    expect(receipt).toEqual({ id: 'order-42-shipped', status: 'queued' })
    await world.ended(1)

    const [message] = accepted(world)
    const { openid, unionid } = world.simulator.userAt(3)
    expect(message).toMatchObject({ openid, data: { thing1: '订单已发货', time2: '2026-11-20 15:01' } })
    expect(message?.clientMsgId).toMatch(/^[0-9a-f]{32}$/)
    expect(await world.row('order-42-shipped')).toMatchObject({
      status: 'sent',
      reason: null,
      attempts: 1,
      msgid: message?.msgid,
      openid,
      unionid,
      unknownSince: null,
    })
  })

  test('by openid is sent although our tables do not know the user', async () => {
    const world = await startPushing({ known: 0 })
    await world.startWorker()
    const { openid } = world.simulator.userAt(2)
    await world.producer().push(world.message(2, { unionid: undefined, openid, id: 'direct' }))
    await world.ended(1)
    expect(accepted(world)).toEqual([expect.objectContaining({ openid })])
  })

  test('carries its link and its mini-program', async () => {
    const world = await startPushing()
    await world.startWorker()
    const { appid } = world.simulator.miniprogram
    const miniprogram = { appid, pagepath: 'pages/order?id=42' }
    await world.producer().push(world.message(0, { url: 'https://example.com/42', miniprogram }))
    await world.ended(1)
    expect(accepted(world)[0]).toMatchObject({ url: 'https://example.com/42', miniprogram })
  })

  test('to a unionid that is unknown or has left is skipped without a call', async () => {
    const world = await startPushing({ known: 5 })
    await world.followers.markUnsubscribed([world.simulator.userAt(1).openid], Date.now())
    await world.startWorker()
    const producer = world.producer()
    await producer.push(world.message(1, { id: 'left' }))
    await producer.push(world.message(9, { id: 'unknown' }))
    await world.ended(2)
    expect(await world.row('left')).toMatchObject({
      status: 'skipped',
      reason: 'not_following',
      detail: expect.stringContaining('outcome.left'),
      attempts: 0,
    })
    expect(await world.row('unknown')).toMatchObject({
      status: 'skipped',
      reason: 'not_following',
      openid: null,
    })
    expect(world.simulator.stats().calls['/cgi-bin/message/template/send']).toBeUndefined()
  })

  test('to an unknown unionid tells how many followers have none yet', async () => {
    const world = await startPushing({ known: 5 })
    const at = Date.now()
    await world.followers.upsert([{ openid: 'oNew', subscribed: true }], { at })
    await world.startWorker()
    await world.producer().push(world.message(9, { id: 'unknown' }))
    await world.ended(1)
    expect(await world.row('unknown')).toMatchObject({
      reason: 'not_following',
      detail: toStored(say('outcome.unionid_unknown_yet', { count: 1 })),
    })
  })

  describe('to a unionid that two followers carry', () => {
    const infoPath = '/cgi-bin/user/info'

    test('goes to the one of whom WeChat says so alone', async () => {
      const world = await startPushing({ known: 5 })
      const { simulator, followers } = world
      const [owner, neighbour] = [simulator.userAt(1), simulator.userAt(2)]
      const at = Date.now()
      await followers.upsert([{ ...neighbour, subscribed: true, unionid: owner.unionid }], { at })
      await world.startWorker()
      await world.producer().push(world.message(1, { id: 'p' }))
      await world.ended(1)
      expect(accepted(world).map(({ openid }) => openid)).toEqual([owner.openid])
      expect(await followers.findRecipient(neighbour.unionid ?? '')).toMatchObject({
        openid: neighbour.openid,
      })
    })

    test('goes to neither while WeChat names both, who are asked about once a minute', async () => {
      const world = await startPushing({ known: 5 })
      const { simulator, followers } = world
      const [owner, neighbour] = [simulator.userAt(1), simulator.userAt(2)]
      simulator.setUnionid(neighbour.openid, owner.unionid)
      const at = Date.now()
      await followers.upsert([{ ...neighbour, subscribed: true, unionid: owner.unionid }], { at })
      await world.startWorker()
      for (let n = 0; n < 5; n++) await world.producer().push(world.message(1, { id: `p${n}` }))
      await world.producer().push(world.message(1, { id: 'held', hold: true, expiresAt: at + 60 * second }))
      await world.ended(5)
      await vi.waitUntil(async () => (await world.row('held'))?.reason === 'hold')
      expect(accepted(world)).toEqual([])
      expect(await world.row('p0')).toMatchObject({
        status: 'skipped',
        reason: 'unionid_pending',
        openid: null,
        attempts: 0,
      })
      expect(simulator.stats().calls[infoPath]).toBe(2)

      // As a sync does that learns of the mistake.
      await followers.settle([{ ...owner, subscribed: true }], {
        at: Date.now(),
        nameless: [neighbour.openid],
      })
      await world.ended(6)
      expect(accepted(world).map(({ openid }) => openid)).toEqual([owner.openid])
    })
  })

  test('to somebody who is back and whose unionid is not told yet says so', async () => {
    const world = await startPushing({ known: 5 })
    await world.startWorker()
    await world.producer().push(world.message(1, { id: 'before' }))
    await world.ended(1)
    const { openid } = world.simulator.userAt(1)
    await world.database.write([
      { sql: 'UPDATE followers SET unionid = NULL WHERE openid = ?', params: [openid] },
    ])
    await world.producer().push(world.message(1, { id: 'after' }))
    await world.ended(2)
    expect(await world.row('after')).toMatchObject({ status: 'skipped', reason: 'unionid_pending', openid })
  })

  test('that has expired is skipped without a call', async () => {
    const world = await startPushing()
    await world.startWorker()
    await world.producer().push(world.message(0, { id: 'late', expiresAt: Date.now() - 1 }))
    await world.ended(1)
    expect(await world.row('late')).toMatchObject({ status: 'skipped', reason: 'expired' })
    expect(accepted(world)).toEqual([])
  })

  test('with sendAt is not sent before', async () => {
    const world = await startPushing()
    await world.startWorker()
    const sendAt = Date.now() + second
    await world.producer().push(world.message(0, { sendAt }))
    await world.ended(1)
    expect(accepted(world)[0]?.at).toBeGreaterThanOrEqual(sendAt)
  })

  test('with a better priority goes first', async () => {
    const world = await startPushing()
    const producer = world.producer()
    for (const [n, priority] of [30, 10, 20].entries()) await producer.push(world.message(n, { priority }))
    await producer.push(world.message(3))
    await world.startWorker({ concurrency: 1 })
    await world.ended(4)
    const order = accepted(world).map(({ openid }) => openid)
    expect(order).toEqual([3, 1, 2, 0].map((n) => world.simulator.userAt(n).openid))
  })
})

describe('the same id', () => {
  test('pushed a hundred times at once, and again after it was sent, is one message', async () => {
    const world = await startPushing()
    const producer = world.producer()
    const receipts = await Promise.all(
      Array.from({ length: 100 }, () => producer.push(world.message(0, { id: 'a:b%' }))),
    )
    expect(receipts.filter(({ status }) => status === 'queued')).toHaveLength(1)
    expect(receipts.filter(({ status }) => status === 'duplicate')).toHaveLength(99)

    await world.startWorker()
    await world.ended(1)
    expect(await producer.push(world.message(0, { id: 'a:b%' }))).toEqual({ id: 'a:b%', status: 'duplicate' })
    const many = await producer.pushMany([
      world.message(0, { id: 'a:b%' }),
      world.message(1, { id: 'other' }),
    ])
    expect(many).toEqual({ queued: 1, duplicates: 1, invalid: [] })
    await world.ended(2)
    expect(accepted(world)).toHaveLength(2)
  })

  test('is not sent again when the queue has forgotten it', async () => {
    const world = await startPushing()
    await world.startWorker()
    await world.producer().push(world.message(0, { id: 'once' }))
    await world.ended(1)

    const plain = openPlainQueue(world)
    await plain.removeDeduplicationKey('once')
    expect(await world.producer().push(world.message(0, { id: 'once' }))).toMatchObject({ status: 'queued' })
    await vi.waitUntil(async () => (await plain.count()) === 0 && (await plain.getActiveCount()) === 0)
    expect(accepted(world)).toHaveLength(1)
  })

  test('queued many times by a client without deduplication is one message', async () => {
    const world = await startPushing({ simulator: { latencyMs: 20 } })
    const plain = openPlainQueue(world)
    const data = toJobData('twice', world.message(0))
    await plain.addBulk(Array.from({ length: 10 }, () => ({ name: 'anything', data })))
    await world.startWorker()
    await vi.waitUntil(async () => Object.values(await plain.getJobCounts()).every((count) => count === 0), {
      timeout: 10 * second,
    })
    expect(world.simulator.stats().calls['/cgi-bin/message/template/send']).toBe(1)
    expect(world.rows()).toHaveLength(1)
  })
})

describe('many messages', () => {
  test('are queued in chunks from an array or a stream; bad ones are named by their place and left out', async () => {
    const world = await startPushing()
    const producer = world.producer()
    let pulled = 0
    async function* stream() {
      for (; pulled < 3_000; pulled++)
        yield world.message(pulled % 20, pulled % 1_000 === 7 ? { data: { thing1: '' } } : {})
    }
    const receipt = await producer.pushMany(stream())
    expect(receipt).toMatchObject({ queued: 2_997, duplicates: 0 })
    expect(receipt.invalid.map(({ index }) => index)).toEqual([7, 1_007, 2_007])
    expect(receipt.invalid[0]?.reason).toContain('data.thing1')
    expect(await producer.pushMany([])).toEqual({ queued: 0, duplicates: 0, invalid: [] })
    expect(await openPlainQueue(world).getWaitingCount()).toBe(2_997)
  })

  test('whose source fails pass its error on, and what came before is queued', async () => {
    const world = await startPushing()
    function* source() {
      for (let n = 0; n < 600; n++) yield world.message(0)
      throw new Error('the database of the caller is gone')
    }
    await expect(world.producer().pushMany(source())).rejects.toThrow('of the caller')
    expect(await openPlainQueue(world).getWaitingCount()).toBe(500)
  })
})

describe('what WeChat refuses for good', () => {
  test('names the field', async () => {
    const world = await startPushing()
    await world.startWorker()
    world.simulator.addFault({
      path: '/cgi-bin/message/template/send',
      action: { errcode: 47003, errmsg: 'argument invalid! data.thing1.value invalid' },
    })
    await world.producer().push(world.message(0, { id: 'bad' }))
    await world.ended(1)
    expect(await world.row('bad')).toMatchObject({
      status: 'rejected',
      reason: 'data_invalid',
      detail: expect.stringContaining('"wechat.dataInvalid","facts":{"field":"thing1"}'),
      errcode: 47003,
      rid: expect.stringMatching(/^[0-9a-f]{8}-/),
      attempts: 1,
      msgid: null,
    })
  })

  test('because the user has left marks the follower', async () => {
    const world = await startPushing()
    await world.startWorker()
    const { openid } = world.simulator.userAt(4)
    world.simulator.unfollow(openid)
    await world.producer().push(world.message(4, { id: 'gone' }))
    await world.ended(1)
    expect(await world.row('gone')).toMatchObject({
      status: 'rejected',
      reason: 'recipient_invalid',
      errcode: 43004,
    })
    expect(await world.followers.findByOpenid(openid)).toMatchObject({ subscribed: false })
  })

  test('although our tables know better gets one second look half a minute later', async () => {
    const world = await startPushing()
    const template = world.simulator.templates[0]
    await world.templates.replace(
      [
        {
          ...template,
          templateId: template?.templateId ?? '',
          title: '',
          content: '',
          example: '',
          primaryIndustry: '',
          deputyIndustry: '',
        },
      ],
      Date.now(),
    )
    await world.startWorker()
    world.simulator.addFault({ action: { errcode: 40037 }, path: '/cgi-bin/message/template/send', times: 1 })
    await world.producer().push(world.message(0, { id: 'sporadic' }))
    const plain = openPlainQueue(world)
    await vi.waitUntil(async () => (await plain.getDelayedCount()) === 1)
    expect(await world.row('sporadic')).toMatchObject({
      status: 'queued',
      reason: 'retry',
      errcode: 40037,
      attempts: 1,
    })
    const [job] = await plain.getDelayed()
    expect(job?.delay).toBeGreaterThan(29 * second)
    await job?.promote()
    await world.ended(1)
    expect(await world.row('sporadic')).toMatchObject({ status: 'sent', attempts: 2, errcode: null })
  })
})

describe('a job that is no push', () => {
  test('ends in a record that says what is wrong with it, and the others go on', async () => {
    const world = await startPushing()
    const plain = openPlainQueue(world)
    const good = toJobData('good', world.message(0))
    await plain.add('push', { ...good, id: 'broken', templateId: 7 }, { jobId: 'x.1' })
    await plain.add('push', 'text', { jobId: 'x.2' })
    await plain.add('push', { ...good, v: 0, id: 'old' }, { jobId: 'x.3' })
    await plain.add('push', good)
    await world.startWorker()
    await world.ended(4)
    expect(await world.row('broken')).toMatchObject({
      status: 'rejected',
      reason: 'invalid_job',
      detail: expect.stringContaining('templateId'),
    })
    expect(await world.row('job x.2')).toMatchObject({ status: 'rejected', reason: 'invalid_job' })
    expect(await world.row('old')).toMatchObject({ reason: 'invalid_job' })
    expect(await world.row('good')).toMatchObject({ status: 'sent' })
    await vi.waitUntil(async () => Object.values(await plain.getJobCounts()).every((count) => count === 0))
  })

  test('leaves the record of the push with its id alone', async () => {
    const world = await startPushing()
    await world.startWorker()
    await world.producer().push(world.message(0, { id: 'mine' }))
    await world.ended(1)
    const plain = openPlainQueue(world)
    await plain.add('push', { id: 'mine' })
    await vi.waitUntil(async () => Object.values(await plain.getJobCounts()).every((count) => count === 0))
    expect(await world.row('mine')).toMatchObject({ status: 'sent' })
  })
})

describe('a push whose earlier try got no answer', () => {
  async function leaveSending(world: Pushing, age: number) {
    const data = toJobData('doubt', world.message(0))
    const delivery = { jobId: 'doubt', data, timestamp: Date.now(), starts: 1 }
    const row = {
      ...toNewRow(world.appid, pushJobSchema.parse(data), delivery),
      status: 'sending' as const,
      attempts: 1,
      unknownSince: Date.now() - age,
    }
    await world.pushes.record(row)
    await openPlainQueue(world).add('push', data)
  }

  test('is sent again while WeChat recognises a repetition', async () => {
    const world = await startPushing()
    await leaveSending(world, 9 * minute)
    await world.startWorker()
    await world.ended(1)
    expect(await world.row('doubt')).toMatchObject({ status: 'sent', attempts: 2 })
  })

  test('is not sent any more after that: nobody knows whether it arrived', async () => {
    const world = await startPushing()
    await leaveSending(world, 10 * minute)
    await world.startWorker()
    await world.ended(1)
    expect(await world.row('doubt')).toMatchObject({ status: 'unknown', reason: 'ambiguous', attempts: 1 })
    expect(accepted(world)).toEqual([])
  })

  test('and whose user has left since is not called skipped', async () => {
    const world = await startPushing({ known: 0 })
    await leaveSending(world, minute)
    await world.startWorker()
    await world.ended(1)
    expect(await world.row('doubt')).toMatchObject({ status: 'unknown', reason: 'ambiguous' })
  })
})

test('a worker that stops takes no more jobs and finishes those under way', async () => {
  const world = await startPushing({ simulator: { latencyMs: 100 } })
  await world.producer().pushMany(Array.from({ length: 200 }, (_, n) => world.message(n % 20)))
  const worker = await world.startWorker({ concurrency: 20 })
  await vi.waitUntil(() => world.simulator.stats().inFlight.now === 20, { timeout: 20_000, interval: 1 })
  await worker.stop()
  const rows = world.rows()
  expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  expect(rows).toHaveLength(world.simulator.stats().accepted)
  // Jobs that waited for a send to end are in the queue again, a second away.
  const { active, ...left } = await openPlainQueue(world).getJobCounts('active', 'waiting', 'delayed')
  expect(Object.values(left).reduce((sum, count) => sum + count, rows.length)).toBe(200)
  expect(active).toBe(0)
})
