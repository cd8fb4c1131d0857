import { expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { toQueueName } from '../../src/queue/names.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { startPushing } from '../helpers/pushing.ts'
import { startRedisCluster } from '../helpers/redisCluster.ts'
import { whenReplicated } from '../helpers/redisServer.ts'

const patience = { timeout: 25 * second, interval: 1 }

test('when a primary is killed with pushes under way its replica takes over: none is lost or doubled', async () => {
  const cluster = await startRedisCluster({ hasReplicas: true })
  const world = await startPushing({ queue: { kind: 'redis', urls: cluster.urls } })
  const { primary, replica } = await cluster.nodesOf(`unionpush:${toQueueName(world.appid)}:wait`)
  const producer = world.producer()
  await producer.pushMany(Array.from({ length: 300 }, (_, n) => world.message(n % 20, { id: `p${n}` })))
  await whenReplicated(primary, 1)
  await world.startWorker({ rate: 100 })
  await vi.waitUntil(() => world.simulator.stats().accepted > 100, patience)

  /** As a caller does who wants to be sure. */
  async function push(id: string, triesLeft = 8): Promise<string> {
    try {
      return (await producer.push(world.message(0, { id }))).status
    } catch (error) {
      if (!(error instanceof QueueUnavailableError) || triesLeft === 0) throw error
      return push(id, triesLeft - 1)
    }
  }
  let late = 0
  const hasTakenOver = async () => String(await replica.command('role')).startsWith('master')
  const killed = primary.kill()
  do await push(`late${late++}`)
  while (!(await hasTakenOver()))
  await killed
  // What the primary had taken and not yet told its replica is gone: nearly nothing, and asked for again it is there.
  let lost = 0
  for (let n = 0; n < late; n++) if ((await push(`late${n}`)) !== 'duplicate') lost += 1
  expect(lost).toBeLessThan(5)

  const rows = await world.ended(300 + late, 60 * second)
  expect(rows.map(({ status }) => status)).toEqual(Array(300 + late).fill('sent'))
  expect(world.simulator.stats().accepted).toBe(300 + late)
}, 120_000)
