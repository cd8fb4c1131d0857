import { expect, test, vi } from 'vitest'
import { inLanguage } from '../../../src/base/sentences/stored.ts'
import { doctorSchema } from '../../../src/operations/doctor/check.ts'
import { followerSchema } from '../../../src/operations/lookup.ts'
import { outcomesSchema } from '../../../src/operations/reports/outcomes.ts'
import { statusSchema } from '../../../src/operations/status.ts'
import { templateSchema } from '../../../src/operations/templates.ts'
import { startApiWorld } from '../../helpers/apiWorld.ts'

test('status, templates and followers are as the commands tell them', async () => {
  const { get, simulator, appid } = await startApiWorld({ simulator: { followers: 5 } })
  const key = 'view'
  const status = statusSchema.parse((await get('/v1/status', { key })).body)
  expect(status.accounts[0]).toMatchObject({ account: appid, followers: { subscribed: 5 } })
  const templates = (await get('/v1/templates', { key })).body
  expect(templateSchema.array().parse(templates.items)).toHaveLength(simulator.templates.length)
  expect(templates.listedBefore).toBeNull()
  const { openid, unionid } = simulator.userAt(2)
  const follower = followerSchema.parse((await get(`/v1/followers/${unionid}`, { key })).body)
  expect(follower.openid).toBe(openid)
  expect((await get('/v1/followers/nobody', { key })).status).toBe(404)
})

test('templates that WeChat refuses to list are a problem of the way to it', async () => {
  const { get, simulator } = await startApiWorld({ synced: false })
  simulator.addFault({ path: '/cgi-bin/template/get_all_private_template', action: { errcode: 48001 } })
  const { status, body } = await get('/v1/templates')
  expect([status, body.type]).toEqual([502, 'urn:unionpush:wechat_refuses'])
  expect(body.detail).toContain('48001')
})

test('outcomes come in steps, those without a push too', async () => {
  const { get, post, app, message, ended } = await startApiWorld()
  await app.startWorker()
  const ids = ['a', 'b', 'c']
  for (const [n, id] of ids.entries()) await post('/v1/pushes', message(n, { id }))
  await post('/v1/pushes', { ...message(1), id: 'gone', unionid: 'nobody-knows' })
  await ended(...ids, 'gone')
  const { status, body } = await get('/v1/outcomes?bucket=minute', { key: 'view' })
  const { buckets, reasons } = outcomesSchema.parse(body)
  expect([status, reasons]).toEqual([200, { not_following: 1 }])
  expect(buckets.length).toBeGreaterThanOrEqual(1_440)
  expect(buckets.reduce((sum, { sent }) => sum + sent, 0)).toBe(3)
  expect(buckets.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(1)
  const days = await get(
    '/v1/outcomes?bucket=day&since=2026-11-01T00:00:00%2B08:00&until=2026-11-03T00:00:00%2B08:00',
  )
  expect(days.body.buckets.map(({ at }: { at: string }) => at)).toEqual([
    '2026-10-31T16:00:00.000Z',
    '2026-11-01T16:00:00.000Z',
  ])
  const long = await get('/v1/outcomes?bucket=minute&since=2026-01-01T00:00:00Z')
  expect([long.status, long.body.errors[0].pointer]).toEqual([400, '/bucket'])
})

test('doctor answers in the language of the caller, for the checks that are named', async () => {
  const { get, simulator } = await startApiWorld({ synced: false })
  const headers = { 'accept-language': 'zh-CN' }
  const { status, body } = await get('/v1/doctor?checks=token,database,queue', { headers })
  expect([status, doctorSchema.parse(body).checks.map(({ name }) => name)]).toEqual([
    200,
    ['database', 'queue', 'token'],
  ])
  expect(body.ok).toBe(true)
  const calls = () => simulator.stats().calls
  const before = calls()
  await Promise.all(
    Array.from({ length: 5 }, () => get('/v1/doctor?checks=token,database,queue', { headers })),
  )
  expect(calls()).toEqual(before)
  const unknown = await get('/v1/doctor?checks=horoscope')
  expect([unknown.status, unknown.body.errors[0].pointer]).toEqual([400, '/checks'])
})

test('a sync runs on behind its answer, and not beside that of another process', async () => {
  const { post, get, account, appid } = await startApiWorld({ simulator: { followers: 500 }, synced: false })
  const begun = await post('/v1/sync', { full: true, reason: 'new followers' })
  expect([begun.status, begun.body]).toEqual([202, { runId: expect.any(Number) }])
  const isComplete = async () => (await account.syncRuns.findLast())?.status === 'complete'
  await vi.waitUntil(isComplete, { timeout: 20_000 })
  expect((await get('/v1/status')).body.accounts[0]).toMatchObject({
    followers: { subscribed: 500 },
    lastSync: { runId: begun.body.runId },
  })
  const lease = `sync ${appid}`
  await vi.waitUntil(() => account.leases.acquire(lease, 'another process', 30_000))
  const renewing = setInterval(() => void account.leases.renew(lease, 'another process', 30_000), 100)
  const busy = await post('/v1/sync')
  clearInterval(renewing)
  expect([busy.status, busy.body.type]).toEqual([409, 'urn:unionpush:busy'])
  expect(busy.body.detail).toContain('another process')
}, 60_000)

test('every change is in the audit with the key it was made with, and no reading is', async () => {
  const { post, get, message, account, appid } = await startApiWorld()
  await post('/v1/pushes', message(1, { id: 'p1' }), { key: 'push' })
  await post('/v1/pushes', message(2, { id: 'p1' }), { key: 'push' })
  await post('/v1/pushes/batch', { pushes: [message(1), {}] }, { key: 'push' })
  await post('/v1/pushes/p1/cancel')
  await post('/v1/pushes/nobody/cancel')
  await post('/v1/pause', { reason: 'holiday' })
  await post('/v1/pause', {}, { key: 'view' })
  await post('/v1/resume')
  await post('/v1/pushes/retry', { reason: 'data_invalid' })
  await get('/v1/pushes')
  const entries: unknown[] = []
  const details: unknown[] = []
  for await (const { at, ...entry } of account.runtime.database.audit().list(0)) {
    expect(at).toBeGreaterThan(Date.now() - 60_000)
    entries.unshift(inLanguage(entry, 'en'))
    details.unshift(inLanguage(entry, 'zh').detail)
  }
  const pusher = { keyName: 'pusher', role: 'push', account: appid }
  const operator = { keyName: 'operateer', role: 'operate', account: appid }
  expect(entries).toEqual([
    { ...pusher, action: 'push', target: 'p1', detail: 'queued' },
    { ...pusher, action: 'push.batch', target: null, detail: '1 queued, 0 duplicates, 1 invalid' },
    { ...operator, action: 'cancel', target: 'p1', detail: 'cancelled' },
    { ...operator, action: 'pause', target: null, detail: 'holiday' },
    { ...operator, action: 'resume', target: null, detail: null },
    { ...operator, action: 'retry', target: null, detail: '0 retried: {"reason":"data_invalid"}' },
  ])
  expect(details.slice(0, 3)).toEqual(['已入队', '入队 1 条，重复 0 条，无效 1 条', '已撤回'])
})

test('the audit calls an account by its name, whatever it was called, and tells what was changed in one of them', async () => {
  const { post, get, message, app } = await startApiWorld({ names: ['shop', 'club'] })
  const [shop, club] = app.accounts()
  const push = { templateId: message(1).templateId, data: message(1).data, openid: 'o-1' }
  await post('/v1/pushes', { ...push, id: 'p1', account: club?.appid })
  await post('/v1/pushes/p1/cancel')
  await post('/v1/pushes/p1/retry')
  await post('/v1/pause', { account: 'shop' })
  await post('/v1/pushes/retry', { reason: 'data_invalid' })
  const list = async (query: string) =>
    (await get(`/v1/audit?${query}`)).body.items.map((entry: { action: string; account: string | null }) => [
      entry.action,
      entry.account,
    ])
  const ofClub = [
    ['retry', 'club'],
    ['cancel', 'club'],
    ['push', 'club'],
  ]
  expect(await list('')).toEqual([['retry', null], ['pause', 'shop'], ...ofClub])
  expect(await list('account=club')).toEqual(ofClub)
  expect(await list(`account=${shop?.appid}`)).toEqual([['pause', 'shop']])
  expect(await list('account=club&limit=1')).toEqual(ofClub.slice(0, 1))
  expect((await get('/v1/audit?account=nobody')).status).toBe(400)
})

test('what a caller says at any length is in the audit in part, as a sentence still', async () => {
  const { post, get } = await startApiWorld()
  const filter = { reason: 'data_invalid', unionid: 'u'.repeat(9_000) }
  expect((await post('/v1/pushes/retry', filter)).status).toBe(200)
  const { body } = await get('/v1/audit')
  expect(body.items[0].detail).toMatch(/^0 retried: \{.*u+/)
  expect(body.items[0].detail.length).toBeLessThan(520)
})
