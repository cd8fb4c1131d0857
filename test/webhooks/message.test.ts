import { expect, test } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import type { WebhookChange } from '../../src/db/webhooks/webhooks.ts'
import { toMessages } from '../../src/webhooks/message.ts'

const change = (n: number, key: string | null, more: Partial<WebhookChange> = {}): WebhookChange => ({
  n,
  type: 'pushes.updated',
  appid: 'wx1',
  key,
  data: `{"id":"${key}","seq":${n}}`,
  createdAt: 0,
  sentAt: null,
  finishedAt: 1_000,
  at: 1_000,
  ...more,
})
const style = {
  nameOf: (appid: string) => (appid === 'wx1' ? 'shop "1"' : appid),
  language: 'zh',
} as const

test('up to a hundred records are one message, under the name of their account', () => {
  const changes = Array.from({ length: 250 }, (_, n) => change(n, `p${n}`))
  const messages = toMessages(changes, style)
  expect(messages.map((message) => message.changes.length)).toEqual([100, 100, 50])
  expect(messages.map(({ keys }) => keys.length)).toEqual([100, 100, 50])
  const body = JSON.parse(messages[2]?.body ?? '')
  expect(body).toMatchObject({ type: 'pushes.updated', timestamp: expect.stringMatching(/^20.*Z$/) })
  expect(body.data.pushes[0]).toEqual({
    account: 'shop "1"',
    id: 'p200',
    seq: 200,
    createdAt: '1970-01-01T00:00:00.000Z',
    sentAt: null,
    finishedAt: '1970-01-01T00:00:01.000Z',
  })
})

test('changes of one push are in one message in their order, or wait for the next turn', () => {
  const many = Array.from({ length: 99 }, (_, n) => change(10 + n, `p${n}`))
  const messages = toMessages([change(1, 'a'), change(2, 'a'), ...many, change(200, 'a')], style)
  const numbers = messages.map(({ changes }) => changes.map(({ n }) => n))
  expect(numbers[0]?.slice(0, 3)).toEqual([1, 2, 10])
  expect(numbers).toHaveLength(2)
  expect(numbers[1]).toEqual([108])
})

test('times keep their milliseconds', () => {
  const times = [0, 1, 999, 1_000, 1_795_994_616_734, 1_795_994_616_007, -1]
  const messages = toMessages(
    times.map((createdAt, n) => change(n, `p${n}`, { createdAt })),
    style,
  )
  const { pushes } = JSON.parse(messages[0]?.body ?? '').data
  expect(pushes.map(({ createdAt }: { createdAt: string }) => createdAt)).toEqual(
    times.map((time) => new Date(time).toISOString()),
  )
})

test('two accounts may have the same id', () => {
  const [message, ...more] = toMessages([change(1, 'a'), change(2, 'a', { appid: 'wx2' })], style)
  expect(more).toEqual([])
  expect(message?.keys).toEqual(['wx1 a', 'wx2 a'])
})

test('what is no push is a message of its own, with its times in words', () => {
  const data = JSON.stringify({ reason: 'manual', since: 1_000, probeAt: null })
  const [message] = toMessages([change(1, null, { type: 'account.paused', data, at: 2_000 })], style)
  expect(JSON.parse(message?.body ?? '')).toEqual({
    type: 'account.paused',
    timestamp: '1970-01-01T00:00:02.000Z',
    data: {
      account: 'shop "1"',
      appid: 'wx1',
      reason: 'manual',
      since: '1970-01-01T00:00:01.000Z',
      probeAt: null,
    },
  })
})

test('what records keep as sentences is told in words, however the database wrote the JSON', () => {
  const detail = toStored(say('wechat.numbered', { meaning: say('wechat.43004'), numbers: 'errcode 43004' }))
  const data = { id: 'p', status: 'rejected', detail, errmsg: '{"key":"outcome.left"}', seq: 2 }
  const bySqlite = JSON.stringify(data)
  const byPostgres = bySqlite.replaceAll(/(?<=[{,])("\w+"):/g, '$1 : ')
  for (const [n, text] of [bySqlite, byPostgres].entries()) {
    const [message] = toMessages([change(n, 'p', { data: text })], style)
    const [record] = JSON.parse(message?.body ?? '').data.pushes
    expect(record).toMatchObject({ ...data, detail: '用户没有关注这个服务号（errcode 43004）' })
  }
  const error = toStored(say('sync.no_answer', { why: say('network.http_status', { status: 502 }) }))
  const failed = change(1, null, {
    type: 'sync.failed',
    data: JSON.stringify({ runId: 1, error }),
    at: 2_000,
  })
  expect(JSON.parse(toMessages([failed], style)[0]?.body ?? '').data.error).toBe(
    '没能从微信取到数据：HTTP 状态码 502',
  )
})
