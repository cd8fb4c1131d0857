import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/db/open.ts'
import { connectEmbedded } from '../../src/queue/embedded/embedded.ts'
import { makeDir, type Pushing, redisUrl, startPushing } from '../helpers/pushing.ts'
import { openPushWorker } from '../helpers/pushWorker.ts'

/** A worker of the same account and queue on another database file. */
async function startOn({ appid, queue, log, simulator: { secret, base } }: Pushing, path: string) {
  const database = await openDatabase({ engine: 'sqlite', path }, log)
  onTestFinished(database.close)
  const worker = await openPushWorker({ appid, secret, base, queue, database, log })
  onTestFinished(worker.stop)
  return worker
}

test('a queue works for the database of its first worker and backups of it, until it is given away', async () => {
  const world = await startPushing()
  const dir = await makeDir()
  const first = await world.startWorker()
  await first.started
  await world.database.read.$client.backup(join(dir, 'backup.db'))
  await first.stop()
  await world.producer().push(world.message(0))

  const stranger = await startOn(world, join(dir, 'other.db'))
  const refusal = await stranger.started.catch((error) => error)
  expect(refusal).toMatchObject({ name: 'QueueUnavailableError', isLasting: true })
  expect(refusal.message).toContain('belongs to another database: set DATABASE_URL')
  expect(world.simulator.stats().accepted).toBe(0)

  await (await startOn(world, join(dir, 'backup.db'))).started

  const [, key = ''] = /redis-cli HDEL "([^"]+)" database$/.exec(refusal.message) ?? []
  const redis = new Redis(redisUrl)
  onTestFinished(() => redis.disconnect())
  expect(await redis.hdel(key, 'database')).toBe(1)
  await (await startOn(world, join(dir, 'other.db'))).started
})

test('so does the embedded queue', async () => {
  const dir = join(await makeDir(), 'queue')
  await mkdir(dir)
  const { claim, close } = connectEmbedded(dir, 'worker')
  onTestFinished(close)
  await claim('pushes', 'one')
  await claim('pushes', 'one')
  const refusal = await claim('pushes', 'two').catch((error) => error)
  expect(refusal).toMatchObject({ name: 'QueueUnavailableError', isLasting: true })
  const [, path = ''] = /delete the file (\S+)$/.exec(refusal.message) ?? []
  await rm(path)
  await claim('pushes', 'two')
})
