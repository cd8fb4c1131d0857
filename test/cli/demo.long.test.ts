import { test, vi } from 'vitest'
import { runBroadcastDemo, runDemo } from '../helpers/demo.ts'
import { needRedis } from '../helpers/redisNeeded.ts'

vi.setConfig({ testTimeout: 240_000 })

test('everything adds up on Redis too', async () => {
  needRedis()
  await runDemo('redis')
})

test.each(['embedded', 'redis'] as const)(
  'with --broadcast a worker is killed in the middle, and everything adds up with the %s queue',
  async (queue) => {
    if (queue === 'redis') needRedis()
    await runBroadcastDemo(queue)
  },
)
