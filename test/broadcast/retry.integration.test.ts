import { expect, test } from 'vitest'
import { retryBroadcast } from '../../src/broadcast/control.ts'
import { createLeader } from '../../src/broadcast/leader.ts'
import type { RecipientOutcome } from '../../src/db/broadcasts/recipients.ts'
import { engines } from '../db/engines.ts'
import { createTestLog, startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts } from './world.ts'

const appid = 'wx1'
const failed: RecipientOutcome = {
  ...{ seq: 1, openid: null, status: 'rejected', reason: 'retries_exhausted', detail: null, msgid: null },
  ...{ errcode: null, errmsg: null, rid: null, attempts: 1, generation: 0, sentAt: null, finishedAt: 5_000 },
  wasRetried: false,
}

test('one that has expired is not begun again, and says so', async () => {
  const world = await startPushing({ simulator: { followers: 2 } })
  const broadcasts = openBroadcasts(world)
  const { id } = await broadcasts.create({ expiresAt: new Date(Date.now() + 1_500).toISOString() })
  await broadcasts.pause(id)
  await world.startWorker()
  await broadcasts.until(id, isFinished)
  await expect(broadcasts.retry(id, 'expired')).rejects.toMatchObject({
    code: 'broadcast_over',
    message: expect.stringMatching(/expired at 20.*: create another one/),
  })
  expect(await broadcasts.until(id, isFinished)).toMatchObject({ reason: 'expired', counts: { skipped: 2 } })
})

test.each(engines)('on $name a broadcast to which somebody goes back ends only after', async ({ create }) => {
  const { database } = await create()
  const broadcasts = database.broadcasts(appid)
  const no = await broadcasts.draft({
    ...{ id: 'b1', name: null, templateId: 't1', message: '{}', audience: { kind: 'file', name: 'f.csv' } },
    ...{ rate: null, window: null, canaryShare: null, maxFailures: 1, createdAt: 1_000 },
    ...{ startAt: null, expiresAt: null },
  })
  const line = { seq: 1, openid: 'o1', unionid: null, isByUnionid: false, columns: null }
  await broadcasts.addRecipients(no, [line])
  await broadcasts.publish(no, { status: 'running', selected: 1, isFilled: true, canarySize: null })
  const chunk = await broadcasts.claim(no, 10, Date.now(), 20_000)
  await broadcasts.record(no, [failed])
  if (chunk) await broadcasts.finishChunk(no, chunk)

  let isRetried = false
  const finished: unknown[] = []
  const leader = createLeader({
    broadcasts: {
      ...broadcasts,
      async openWork(of) {
        const work = await broadcasts.openWork(of)
        if (!isRetried)
          expect(await retryBroadcast(broadcasts, 'b1', undefined)).toMatchObject({ retried: 1 })
        isRetried = true
        return work
      },
    },
    api: { getQuota: () => Promise.reject(new Error('not told')) },
    timezone: 'Asia/Shanghai',
    alert: (news) => finished.push(news),
    isStopped: () => false,
    log: createTestLog().log,
  })
  const lead = async () => {
    const row = await broadcasts.find('b1')
    if (row) await leader.lead(row)
    return broadcasts.find('b1')
  }
  expect(await lead()).toMatchObject({ status: 'running' })
  expect(isRetried).toBe(true)
  expect(await broadcasts.claimRetries(no, 10, Date.now(), 20_000)).toHaveLength(1)
  await broadcasts.record(no, [{ ...failed, status: 'skipped', generation: 1, wasRetried: true }])
  expect(finished).toEqual([])
  expect(await lead()).toMatchObject({ status: 'finished' })
  expect(finished).toHaveLength(1)
})
