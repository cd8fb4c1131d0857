import { test } from 'vitest'
import { runBroadcastDemo } from '../helpers/demo.ts'
import { needRedis } from '../helpers/redisNeeded.ts'

test('with --broadcast a worker is killed in the middle, and everything adds up on Redis too', async () => {
  needRedis()
  await runBroadcastDemo('redis')
}, 240_000)
