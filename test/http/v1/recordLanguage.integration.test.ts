import { expect, test, vi } from 'vitest'
import { startApiWorld } from '../../helpers/apiWorld.ts'

const chinese = { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' }

test('what records keep is answered in the language of Accept-Language, and old sentences as they are', async () => {
  const { get, post, message, app, account, ended } = await startApiWorld()
  await app.startWorker()
  await post('/v1/pushes', { ...message(1, { id: 'unknown' }), unionid: 'nobody' })
  await ended('unknown')
  const row = await account.pushes.find('unknown')
  const old = { ...row, id: 'old', detail: 'no follower has this unionid', createdAt: 1 } as NonNullable<
    typeof row
  >
  await account.pushes.add(old)
  const ask = async (path: string, headers: Record<string, string>) => (await get(path, { headers })).body

  expect(await ask('/v1/pushes/unknown', chinese)).toMatchObject({
    reason: 'not_following',
    detail: '按最近一次同步，没有粉丝带这个 unionid',
  })
  expect((await ask('/v1/pushes/unknown', {})).detail).toMatch(/^no follower of this service account/)
  const { items } = await ask('/v1/pushes?status=skipped', chinese)
  expect(items.map(({ detail }: { detail: string }) => detail)).toEqual([
    '按最近一次同步，没有粉丝带这个 unionid',
    'no follower has this unionid',
  ])

  await post('/v1/pause', {})
  const pausedOf = async (headers: Record<string, string>) =>
    (await ask('/v1/status', headers)).accounts[0].paused.detail
  expect([await pausedOf(chinese), await pausedOf({})]).toEqual(['人工暂停', 'paused by a person'])
  const paused = await post('/v1/pause', {}, { headers: chinese })
  expect(paused.body.paused.detail).toBe('人工暂停')
})

test('of two who listen each hears its own language', async () => {
  const { send, post } = await startApiWorld()
  await post('/v1/pause', {})
  const texts = ['', '', '']
  const asked = [
    { path: '/v1/events', headers: chinese },
    { path: '/v1/events?language=zh', headers: { 'accept-language': 'en' } },
    { path: '/v1/events?language=en', headers: chinese },
  ]
  const readers = asked.map(async ({ path, headers }, n) => {
    const response = await send('GET', path, { key: 'view', headers })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    while (reader && !texts[n]?.includes('event: status')) texts[n] += (await reader.read()).value ?? ''
    await reader?.cancel()
  })
  await Promise.all(readers)
  await vi.waitUntil(() => texts.every((text) => text.includes('event: status')))
  expect(texts.map((text) => /"paused":\{"reason":"manual","detail":"([^"]+)"/.exec(text)?.[1])).toEqual([
    '人工暂停',
    '人工暂停',
    'paused by a person',
  ])
})
