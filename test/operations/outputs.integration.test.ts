import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod'
import { hour } from '../../src/base/duration.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { cancelOutputSchema, cancelPush } from '../../src/operations/cancel.ts'
import { countFailed, listFailed } from '../../src/operations/failed.ts'
import { listPushes } from '../../src/operations/history.ts'
import { followerSchema, followersSchema, lookupAmong, lookupFollower } from '../../src/operations/lookup.ts'
import { pauseAccount, pauseOutputSchema, resumeAccount } from '../../src/operations/pauses/pause.ts'
import { retryFailed, retryNamed, retryOutputSchema } from '../../src/operations/retry.ts'
import { findPush } from '../../src/operations/show.ts'
import { loadStatus, statusSchema } from '../../src/operations/status.ts'
import { syncOnce, syncOutputSchema } from '../../src/operations/sync.ts'
import { listTemplates, templateSchema } from '../../src/operations/templates.ts'
import { loadToken, tokenSchema } from '../../src/operations/token.ts'
import { waitForRecord } from '../../src/operations/wait.ts'
import { pushRecordSchema } from '../../src/push/recordSchema.ts'
import { openOnlyAccount } from '../helpers/onlyAccount.ts'
import { redisUrl, startPushing } from '../helpers/pushing.ts'

/** The program of an account on real servers, whose table of followers is empty. */
async function startProgram() {
  const world = await startPushing({ known: 0 })
  const { appid, simulator, path } = world
  const account = await openOnlyAccount(
    loadConfig({
      WECHAT_APPID: appid,
      WECHAT_SECRET: simulator.secret,
      WECHAT_API_BASE: simulator.base,
      DATABASE_URL: `file:${path}`,
      DATA_DIR: join(path, '..'),
      REDIS_URL: redisUrl,
    }),
    pino({ level: 'silent' }),
  )
  onTestFinished(() => account.close())
  return { world, account, simulator, appid }
}

test('status is as its schema says, of an account that did nothing yet and of a busy one', async () => {
  const { account, simulator, appid } = await startProgram()
  const fresh = await loadStatus([account])
  expect(statusSchema.parse(fresh)).toEqual(fresh)
  expect(fresh).toMatchObject({ accounts: [{ token: null, lastSync: null, paused: null }] })

  await syncOnce(account, {}, {})
  simulator.addFault({ path: '/cgi-bin/user/get', action: { errcode: 45009 } })
  await syncOnce(account, { full: true }, {})
  await pauseAccount(account, { reason: 'a test' })
  const status = await loadStatus([account])
  expect(statusSchema.parse(status)).toEqual(status)
  expect(status).toMatchObject({
    accounts: [{ account: appid, paused: { reason: 'manual' }, lastSync: { status: 'interrupted' } }],
    queueBackend: 'redis',
  })
  expect(status.accounts[0]?.token).not.toBeNull()
})

test('a sync is as its schema says, complete and refused', async () => {
  const { account, simulator } = await startProgram()
  const complete = await syncOnce(account, {}, {})
  expect(syncOutputSchema.parse(complete)).toEqual(complete)
  expect(complete).toMatchObject({ status: 'complete', added: 20 })
  simulator.addFault({ path: '/cgi-bin/user/get', action: { errcode: 45009 } })
  const refused = await syncOnce(account, {}, {})
  expect(syncOutputSchema.parse(refused)).toEqual(refused)
  expect(refused).toMatchObject({
    status: 'interrupted',
    error: { code: 'sync_interrupted', errcode: 45009 },
  })
})

test('follower, templates and token are as their schemas say', async () => {
  const { account, simulator } = await startProgram()
  await syncOnce(account, {}, {})
  const { unionid = '' } = simulator.userAt(0)
  const { follower } = await lookupFollower(account, unionid)
  expect(followerSchema.parse(follower)).toEqual(follower)
  const everywhere = { unionid, accounts: (await lookupAmong([account, account], unionid)).accounts }
  expect(followersSchema.parse(everywhere)).toEqual({ unionid, accounts: [follower, follower] })
  expect(await lookupFollower(account, 'nobody')).toEqual({ follower: undefined, nameless: 0 })

  const { items, listedBefore } = await listTemplates(account)
  expect(z.array(templateSchema).parse(items)).toEqual(items)
  expect([items.length, listedBefore]).toEqual([simulator.templates.length, null])
  simulator.addFault({ path: '/cgi-bin/template/get_all_private_template', action: 'html' })
  expect(await listTemplates(account)).toEqual({ items, paused: [], listedBefore: items[0]?.fetchedAt })

  const token = await loadToken(account)
  expect(tokenSchema.parse(token)).toEqual(token)
})

test('pause and resume are as their schema says', async () => {
  const { account, appid } = await startProgram()
  const paused = await pauseAccount(account, {})
  expect(pauseOutputSchema.parse(paused.answer)).toEqual(paused.answer)
  expect(paused).toMatchObject({
    hasChanged: true,
    answer: { paused: { detail: toStored(say('pause.by_person')) } },
  })
  const resumed = await resumeAccount(account)
  expect(pauseOutputSchema.parse(resumed.answer)).toEqual(resumed.answer)
  expect(resumed).toMatchObject({ hasChanged: true, answer: { account: appid, paused: null } })
  expect(await resumeAccount(account)).toMatchObject({ hasChanged: false })
})

test('records of pushes, and what is done to them, are as their schemas say', async () => {
  const { account, world } = await startProgram()
  await syncOnce(account, {}, {})
  const producer = world.producer()
  await producer.push(world.message(0, { id: 'later', sendAt: Date.now() + hour }))
  const waiting = await findPush(account, 'later')
  expect(pushRecordSchema.parse(waiting)).toEqual(waiting)
  const cancelled = await cancelPush(account, 'later')
  expect(cancelOutputSchema.parse(cancelled)).toEqual({ id: 'later', status: 'cancelled' })
  expect(await cancelPush(account, 'nobody')).toEqual({ id: 'nobody', status: 'not_found' })

  await world.startWorker()
  await producer.push(world.message(0, { id: 'accepted' }))
  await producer.push(world.message(1, { id: 'refused', templateId: 'none' }))
  const wait = (id: string) => waitForRecord(account, id, {}, new AbortController().signal)
  const records = await Promise.all(['accepted', 'refused'].map(wait))
  expect(z.array(pushRecordSchema).parse(records)).toEqual(records)
  expect(records).toMatchObject([{ status: 'sent' }, { status: 'rejected', reason: 'template_invalid' }])

  const listed = await toArray(listPushes(account, {}))
  expect(z.array(pushRecordSchema).parse(listed)).toEqual(listed)
  // In this order also if both came within one millisecond.
  expect(listed.map(({ id }) => id)).toEqual(['refused', 'accepted', 'later'])
  expect(await toArray(listFailed([account], {}))).toEqual([records[1]])
  expect(await countFailed([account], {})).toEqual(new Map([['template_invalid', 1]]))

  const counted = await retryFailed([account], { dryRun: true })
  expect(retryOutputSchema.parse(counted)).toEqual({ retried: 1 })
  const { answer, left } = await retryNamed([account], { ids: ['accepted', 'refused', 'nobody'] })
  expect(retryOutputSchema.parse(answer)).toEqual({ retried: 1 })
  expect(left).toEqual([
    { id: 'accepted', status: 'sent' },
    { id: 'nobody', status: undefined },
  ])
  await vi.waitUntil(async () => (await world.row('refused'))?.status === 'rejected')
})

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = []
  for await (const item of items) array.push(item)
  return array
}
