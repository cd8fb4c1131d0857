import { expect, test } from 'vitest'
import type { ValidMessage } from '../../src/push/message.ts'
import { toPushJob } from '../../src/push/toJob.ts'
import { pushJobSchema } from '../../src/queue/job.ts'

test('a job carries every field of its message, and those who read it know them all', () => {
  const message: Required<ValidMessage> = {
    unionid: 'u',
    openid: 'o',
    session: 's',
    templateId: 't',
    data: { thing1: 'x' },
    url: 'https://example.com',
    miniprogram: { appid: 'wx1' },
    id: 'p',
    sendAt: 1,
    expiresAt: 2,
    priority: 1,
    hold: true,
    urgent: true,
  }
  const job = toPushJob(message, [], 'p', 0)
  expect(Object.keys(job).sort()).toEqual([...Object.keys(message), 'createdAt', 'v'].sort())
  expect(pushJobSchema.parse(job)).toEqual(job)
})
