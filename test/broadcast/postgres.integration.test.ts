import { expect, onTestFinished, test } from 'vitest'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import { openPostgres } from '../../src/db/postgres/stores.ts'
import { createTestSchema, hasPostgres } from '../helpers/postgres.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'
import { openPushWorker } from '../helpers/pushWorker.ts'
import { isFinished, openBroadcasts, startReceipts, sumOf, touched } from './world.ts'

const isThere = await hasPostgres()

/** The same world with its tables on the server. */
async function move(world: Pushing, people: number) {
  const { url } = await createTestSchema()
  const database = await openPostgres({ ...toPostgresAddress(url), log: world.log })
  onTestFinished(() => database.close())
  const { appid, simulator, queue, log } = world
  const followers = database.followers(appid)
  const infos = Array.from({ length: people }, (_, n) => {
    const { openid, unionid } = simulator.userAt(n)
    return { openid, subscribed: true, ...(unionid !== undefined && { unionid }) }
  })
  await followers.upsert(infos, { at: Date.now() })
  const startWorker = async () => {
    const { base, secret } = simulator
    const worker = await openPushWorker({ appid, secret, base, queue, database, log })
    onTestFinished(worker.stop)
  }
  return {
    appid,
    simulator,
    log,
    database,
    followers,
    accountState: database.accountState(appid),
    startWorker,
  }
}

test.skipIf(!isThere)('two workers on one PostgreSQL send to everybody once, behind a canary', async () => {
  const world = await startPushing({ simulator: { followers: 400, latencyMs: 5 } })
  const moved = await move(world, 400)
  const broadcasts = openBroadcasts(moved)
  await startReceipts(moved, { receiptDelayMs: 0 })
  world.simulator.setBlocking(world.simulator.userAt(200).openid, true)
  await Promise.all([moved.startWorker(), moved.startWorker()])
  const { id } = await broadcasts.create({ canary: '5%' })
  const ended = await broadcasts.until(
    id,
    (broadcast) => isFinished(broadcast) && broadcast.counts.sent === 0,
  )
  expect(ended).toMatchObject({
    counts: { selected: 400, delivered: 399, undelivered: 1 },
    canary: { size: 20, delivered: 20, state: 'passed' },
  })
  expect(sumOf(ended)).toBe(400)
  expect(touched(world)).toHaveLength(400)
  expect(new Set(touched(world)).size).toBe(400)
})
