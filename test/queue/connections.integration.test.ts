import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { connectProducer } from '../../src/queue/producerQueue.ts'
import { connectWorker } from '../../src/queue/workerQueue.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

const appids = ['wx1', 'wx2', 'wx3']

async function startRedis() {
  const redis = await createRedisServer()
  await redis.start()
  return {
    config: { kind: 'redis' as const, urls: [redis.url] },
    /** But for the one that asks. */
    async countConnections() {
      const list = String(await redis.command('CLIENT', 'LIST'))
      return list.split('\n').filter((line) => line !== '' && !line.includes('cmd=client')).length
    },
  }
}

test('producers of all accounts, and what they ask, share one connection', async () => {
  const redis = await startRedis()
  const connection = connectProducer(redis.config)
  onTestFinished(() => connection.close())
  const queues = appids.flatMap((appid) => [connection.openQueue(appid), connection.openControlQueue(appid)])
  await Promise.all(queues.map(({ run }) => run((queue) => queue.getJobCounts('waiting'))))
  expect(await redis.countConnections()).toBe(1)
})

test('a producer queue that is closed leaves those of other accounts alone', async () => {
  const redis = await startRedis()
  const connection = connectProducer(redis.config)
  onTestFinished(() => connection.close())
  const [left, kept] = [connection.openQueue('wx1'), connection.openQueue('wx2')]
  await left.run((queue) => queue.getJobCounts('waiting'))
  await left.close()
  await expect(left.run((queue) => queue.getJobCounts('waiting'))).rejects.toThrow('closed by this program')
  expect(await kept.run((queue) => queue.getJobCounts('waiting'))).toEqual({ waiting: 0 })
})

test('producer queues that are closed leave nothing behind', async () => {
  const redis = await startRedis()
  const connection = connectProducer(redis.config)
  onTestFinished(() => connection.close())
  const openAndClose = async (appid: string) => {
    const queue = connection.openQueue(appid)
    await queue.run((q) => q.getJobCounts('waiting'))
    await queue.close()
    return new WeakRef(queue)
  }
  const closed = await Promise.all(Array.from({ length: 20 }, (_, n) => openAndClose(`wx${n}`)))
  // Until the end of a turn what a reference was made to is kept.
  await setImmediate()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  // The last one may still be in a register.
  expect(closed.filter((queue) => queue.deref() !== undefined).length).toBeLessThan(2)
})

test('queues of all accounts share one connection of a worker process', async () => {
  const redis = await startRedis()
  const connection = await connectWorker(redis.config, pino({ level: 'silent' }))
  const queues = appids.map((appid) => connection.openQueue(appid))
  onTestFinished(async () => {
    await Promise.all(queues.map((queue) => queue.close()))
    await connection.close()
  })
  await Promise.all(
    queues.flatMap(({ queue, control }) =>
      [queue, control.queue].map((each) => each.getJobCounts('waiting')),
    ),
  )
  expect(await redis.countConnections()).toBe(1)
})
