import { expect, test, vi } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import { createSessionToken } from '../../src/base/sessionToken.ts'
import { createSessions } from '../../src/db/sqlite/users/sessions.ts'
import { createUsers } from '../../src/db/sqlite/users/users.ts'
import { InvalidPushError } from '../../src/push/invalidPush.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const miniprogram = 'wx00000000000000aa'

/** What the login of a mini-program leaves. */
async function logIn(world: Pushing, unionid: string | undefined, life = hour): Promise<string> {
  const token = createSessionToken()
  const openid = `mini-${token.slice(0, 8)}`
  const now = Date.now()
  const users = createUsers(world.database, miniprogram)
  await users.recordLogin({ openid, unionid, sessionKey: 'sealed', at: now })
  const sessions = createSessions(world.database, miniprogram)
  await sessions.start({ token, openid, createdAt: now, expiresAt: now + life })
  return token
}

const bySession = (world: Pushing, session: string, more: Record<string, unknown> = {}) =>
  world.message(0, { unionid: undefined, session, ...more })

test('a push by session reaches its user, and only a hash of the token is in the queue and on record', async () => {
  const world = await startPushing()
  const { unionid, openid } = world.simulator.userAt(4)
  const token = await logIn(world, unionid)
  await world.producer().push(bySession(world, token, { id: 'p' }))
  const queue = openProducerQueue(world.queue, world.appid)
  const jobs = await queue.run((q) => q.getJobs(['waiting']))
  await queue.close()
  expect(JSON.stringify(jobs.map(({ data }) => data))).not.toContain(token)
  await world.startWorker()
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent', unionid, openid })
  expect(JSON.stringify(world.rows())).not.toContain(token)
})

test('a session that is over, of nobody, or without a unionid says so', async () => {
  const world = await startPushing()
  await world.startWorker()
  const producer = world.producer()
  const over = await logIn(world, world.simulator.userAt(0).unionid)
  await createSessions(world.database, miniprogram).end(over)
  await producer.push(bySession(world, over, { id: 'over' }))
  const expired = await logIn(world, world.simulator.userAt(1).unionid, -1)
  await producer.push(bySession(world, expired, { id: 'expired' }))
  await producer.push(bySession(world, createSessionToken(), { id: 'nobody' }))
  await producer.push(bySession(world, await logIn(world, undefined), { id: 'without' }))
  await producer.push(bySession(world, await logIn(world, 'stranger'), { id: 'stranger' }))
  await world.ended(5)
  const unknown = { status: 'skipped', reason: 'session_unknown', unionid: null }
  expect(await world.row('over')).toMatchObject(unknown)
  expect(await world.row('expired')).toMatchObject(unknown)
  expect(await world.row('nobody')).toMatchObject(unknown)
  expect(await world.row('without')).toMatchObject({ status: 'skipped', reason: 'unionid_unknown' })
  expect(await world.row('stranger')).toMatchObject({ reason: 'not_following', unionid: 'stranger' })
})

test('a push by session is held until its user follows', async () => {
  const world = await startPushing()
  await world.startWorker()
  const { unionid, openid } = world.simulator.userAt(25)
  const token = await logIn(world, unionid)
  await world.producer().push(bySession(world, token, { id: 'p', hold: true, expiresAt: Date.now() + hour }))
  await vi.waitUntil(async () => (await world.row('p'))?.reason === 'hold')
  world.simulator.follow(openid)
  await world.followers.upsert([{ openid, unionid, subscribed: true }], { at: Date.now() })
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent', unionid, openid })
})

test('an error never tells a session', async () => {
  const world = await startPushing()
  const secret = 'a-session-token-that-is-too-long-to-be-one-of-ours'
  const error = await world
    .producer()
    .push(bySession(world, secret))
    .catch((thrown) => thrown)
  expect(error).toBeInstanceOf(InvalidPushError)
  expect(error.message).toContain('session: expected the token of a session')
  expect(error.message).not.toContain('a-session')
})
