import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import type { Pushing } from './pushing.ts'
import { redisUrl } from './redisNeeded.ts'

/** What any BullMQ client can do, without this project's code. */
export function openPlainQueue({ appid }: Pushing): Queue {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(toQueueName(appid), { connection, prefix: queuePrefix })
  onTestFinished(async () => {
    await queue.close()
    connection.disconnect()
  })
  return queue
}
