import { expect, test } from 'vitest'
import { createMetrics } from '../../../src/base/monitoring/metrics.ts'

const lines = (text: string, name: string) =>
  text.split('\n').filter((line) => line.startsWith(`unionpush_${name}`))

test('counts stand with their labels, each account for itself', async () => {
  const metrics = createMetrics()
  const counts = metrics.of('shop')
  counts.pushReached('sent', null)
  counts.pushReached('sent', null)
  counts.pushReached('skipped', 'not_following')
  counts.sendEnded('refused', 43004, 0.03)
  metrics.of('club').pushReached('sent', null)
  const text = await metrics.render([])
  expect(lines(text, 'pushes_total').sort()).toEqual([
    'unionpush_pushes_total{account="club",status="sent",reason=""} 1',
    'unionpush_pushes_total{account="shop",status="sent",reason=""} 2',
    'unionpush_pushes_total{account="shop",status="skipped",reason="not_following"} 1',
  ])
  expect(lines(text, 'sends_total')).toEqual([
    'unionpush_sends_total{account="shop",outcome="refused",errcode="43004"} 1',
  ])
  expect(text).toContain('unionpush_send_duration_seconds_bucket{le="0.05"} 1')
  expect(lines(await metrics.render([]), 'pushes_total')).toHaveLength(3)
})

test('what was so before is not told again', async () => {
  const metrics = createMetrics()
  const paused = await metrics.render([
    {
      account: 'shop',
      paused: 'quota_exhausted',
      rateLimit: 5,
      jobs: { waiting: 3, active: 0, delayed: 0, failed: 0, held: 1 },
    },
  ])
  expect(lines(paused, 'paused')).toEqual(['unionpush_paused{account="shop",reason="quota_exhausted"} 1'])
  expect(lines(paused, 'queue_jobs')).toContain('unionpush_queue_jobs{account="shop",state="held"} 1')
  const gone = await metrics.render([{ account: 'shop', paused: null, rateLimit: null }])
  expect([...lines(gone, 'paused'), ...lines(gone, 'rate'), ...lines(gone, 'queue_jobs')]).toEqual([])
})

test('an account has less than 500 series, whatever codes WeChat invents', async () => {
  const metrics = createMetrics()
  const counts = metrics.of('club')
  for (let errcode = 1; errcode <= 10_000; errcode += 1) counts.sendEnded('refused', errcode, 1)
  const of = lines(await metrics.render([]), 'sends_total').filter((line) => line.includes('"club"'))
  expect(of).toHaveLength(101)
  expect(of).toContain('unionpush_sends_total{account="club",outcome="refused",errcode="other"} 9900')
})
