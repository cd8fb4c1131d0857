import { expect, test } from 'vitest'
import { render } from '../../src/base/sentences/render.ts'
import { explainRedisError } from '../../src/queue/redis/faults.ts'

test.each([
  'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Connection is closed.',
])('what ioredis ends a command with when the connection is gone is told as that: %s', (message) => {
  const sentence = explainRedisError(new Error(message))
  expect([render(sentence, 'en').seen, render(sentence, 'zh').seen]).toEqual(['no connection', '没有连上'])
})
