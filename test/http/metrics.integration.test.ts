import { expect, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'

const patience = { timeout: 60_000, interval: 100 }
const key = 'a-key-of-more-than-24-characters'

test('a worker tells what it did, and what waits, to those who have the key', async () => {
  const world = await startCliWorld()
  await world.sync()
  const { appid: account } = world
  await world.queuePushes({ later: 1 })
  const settings = { METRICS_PORT: '0', METRICS_KEY: key }
  await world.json(['pause'])
  const worker = await world.service('worker', settings)
  const url = `${/http:\/\/127\.0\.0\.1:\d+/.exec(worker.stderr())?.[0]}/metrics`
  const read = async () => (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).text()

  const refused = await fetch(url)
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect((await fetch(url, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
  expect((await fetch(url.replace('metrics', 'healthz'))).status).toBe(200)

  await vi.waitUntil(
    async () => /oldest_waiting_seconds\{[^}]*\} (0\.\d*[1-9]|[1-9])/.test(await read()),
    patience,
  )
  const paused = await read()
  expect(paused).toContain(`unionpush_paused{account="${account}",reason="manual"} 1`)
  expect(paused).toContain(`unionpush_queue_jobs{account="${account}",state="waiting"} 1`)
  expect(paused).toContain(`unionpush_followers{account="${account}",state="subscribed"} `)
  expect(paused).toMatch(/^unionpush_sync_last_complete_timestamp_seconds\{[^}]*\} \d{10}/m)
  expect(paused).not.toContain(world.simulator.userAt(1).unionid)

  await world.json(['resume'])
  await world.untilEnded('later')
  const sent = `unionpush_pushes_total{account="${account}",status="sent",reason=""} 1`
  await vi.waitUntil(async () => (await read()).includes(sent), patience)
  const text = await read()
  expect(text).toContain(`unionpush_pushes_total{account="${account}",status="sending",reason=""} 1`)
  expect(text).toContain(`unionpush_sends_total{account="${account}",outcome="accepted",errcode="0"} 1`)
  expect(text).toContain('unionpush_send_duration_seconds_count 1')
  expect(text).toContain(`unionpush_queue_oldest_waiting_seconds{account="${account}"} 0`)
  expect(text).not.toContain('unionpush_paused{')
}, 180_000)
