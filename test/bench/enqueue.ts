import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { createPusher, type Pusher } from '../../src/library/createPusher.ts'
import type { PushMessage } from '../../src/push/message.ts'
import { jobName } from '../../src/queue/job.ts'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { compare, perSecond, redisUrl, withAccount } from './measure.ts'

const total = 20_000
const chunkSize = 500
const inFlight = 50

const messages = Array.from(
  { length: total },
  (_, n): PushMessage => ({
    unionid: `o6_bmasdasdsad6_2sgVt7hMZ${String(n).padStart(5, '0')}`,
    templateId: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    data: { thing1: '订单已发货', time2: '2026-11-20 15:01', character_string3: `SF${n}`, phrase4: '运输中' },
    url: 'https://shop.example.com/orders/42',
  }),
)
/** What `messages` become in the queue. */
const payloads = messages.map((message) => ({ v: 1, id: randomUUID(), createdAt: Date.now(), ...message }))

/** `pushMany` beside bare `addBulk` of the same payloads, both in chunks of 500 of which two are under way. */
export async function benchPushMany() {
  const ours = () => withPusher((pusher) => timed(() => pusher.pushMany(messages)))
  const bare = () =>
    withQueue((queue) =>
      timed(async () => {
        const jobs = payloads.map((data) => ({ name: jobName, data }))
        let before: Promise<unknown> | undefined
        for (let start = 0; start < total; start += chunkSize) {
          const added = queue.addBulk(jobs.slice(start, start + chunkSize))
          await before
          before = added
        }
        await before
      }),
    )
  return { bench: 'enqueue.pushMany', ...(await compare('pushes/s', ours, bare)) }
}

/** `push` beside bare `add` of the same payloads, 50 under way. */
export async function benchPush() {
  const ours = () =>
    withPusher((pusher) => perSecond(total, inFlight, async (n) => pusher.push(at(messages, n))))
  const bare = () =>
    withQueue((queue) => perSecond(total, inFlight, (n) => queue.add(jobName, at(payloads, n))))
  return { bench: 'enqueue.push', ...(await compare('pushes/s', ours, bare)) }
}

function withPusher<T>(use: (pusher: Pusher) => Promise<T>): Promise<T> {
  return withAccount(async (appid) => {
    const pusher = createPusher({ appid, redisUrl })
    await pusher.push(at(messages, 0))
    const result = await use(pusher)
    await pusher.close()
    return result
  })
}

function withQueue<T>(use: (queue: Queue) => Promise<T>): Promise<T> {
  return withAccount(async (appid) => {
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
    const queue = new Queue(toQueueName(appid), { connection, prefix: queuePrefix })
    await queue.add(jobName, at(payloads, 0))
    const result = await use(queue)
    await queue.close()
    connection.disconnect()
    return result
  })
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await task()
  return (total / (performance.now() - begun)) * 1_000
}

function at<T>(list: readonly T[], n: number): T {
  const item = list[n]
  if (item === undefined) throw new RangeError(`nothing at ${n}`)
  return item
}
