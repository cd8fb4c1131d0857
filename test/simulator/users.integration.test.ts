import { expect, test } from 'vitest'
import type { Simulator } from '../../src/simulator/controls.ts'
import { type SimulatorClient, startSimulator } from '../helpers/simulatorClient.ts'

interface Page {
  total: number
  count: number
  data?: { openid: string[] }
  next_openid: string
}

async function getPage(wechat: SimulatorClient, token: string, cursor?: string) {
  const { text } = await wechat.get('/cgi-bin/user/get', {
    access_token: token,
    ...(cursor !== undefined && { next_openid: cursor }),
  })
  const page: Page = JSON.parse(text)
  return page
}

function openidsOf(simulator: Simulator, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => simulator.userAt(from + i).openid)
}

test('user/get pages through the followers; the last page still carries a cursor, the one after it is bare', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 25, pageSize: 10 })
  const token = await wechat.getToken()
  const all = openidsOf(simulator, 0, 25)
  expect(await getPage(wechat, token)).toEqual({
    total: 25,
    count: 10,
    data: { openid: all.slice(0, 10) },
    next_openid: all[9],
  })
  expect((await getPage(wechat, token, all[9])).data?.openid).toEqual(all.slice(10, 20))
  expect(await getPage(wechat, token, all[19])).toEqual({
    total: 25,
    count: 5,
    data: { openid: all.slice(20) },
    next_openid: all[24],
  })
  expect(await getPage(wechat, token, all[24])).toEqual({ total: 25, count: 0, next_openid: '' })
  expect(simulator.stats().cursors).toEqual({
    '': 1,
    [all[9] ?? '']: 1,
    [all[19] ?? '']: 1,
    [all[24] ?? '']: 1,
  })
})

test('the last page can do without a cursor, also when it is full', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 20, pageSize: 10, lastPageCursor: 'empty' })
  const token = await wechat.getToken()
  const tenth = simulator.userAt(9).openid
  expect((await getPage(wechat, token)).next_openid).toBe(tenth)
  expect(await getPage(wechat, token, tenth)).toMatchObject({ count: 10, next_openid: '' })
  for (const openid of openidsOf(simulator, 10, 20)) simulator.unfollow(openid)
  expect(await getPage(wechat, token)).toMatchObject({ count: 10, next_openid: '' })
})

test('pages hold 10,000 unless told otherwise; an account without followers has no data', async () => {
  const { wechat } = await startSimulator({ followers: 10_001 })
  const page = await getPage(wechat, await wechat.getToken())
  expect([page.count, page.data?.openid.length, new Set(page.data?.openid).size]).toEqual([
    10_000, 10_000, 10_000,
  ])
  const empty = await startSimulator()
  expect(await getPage(empty.wechat, await empty.wechat.getToken())).toEqual({
    total: 0,
    count: 0,
    next_openid: '',
  })
})

test('people who come and go while paging change the pages after the cursor', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 20, pageSize: 10 })
  const token = await wechat.getToken()
  const all = openidsOf(simulator, 0, 20)
  const { next_openid: cursor } = await getPage(wechat, token)
  simulator.unfollow(cursor)
  simulator.unfollow(all[15] ?? '')
  const joined = simulator.follow().openid
  const guest = simulator.follow('guest-openid', { unionid: 'guest-unionid' }).openid
  const second = await getPage(wechat, token, cursor)
  expect(second).toEqual({
    total: 20,
    count: 10,
    data: { openid: [...all.slice(10, 15), ...all.slice(16), joined] },
    next_openid: joined,
  })
  expect(await getPage(wechat, token, joined)).toEqual({
    total: 20,
    count: 1,
    data: { openid: [guest] },
    next_openid: guest,
  })
  simulator.follow(cursor)
  expect((await getPage(wechat, token)).data?.openid).toEqual(all.slice(0, 10))
})

test('following twice counts once; people who were known but did not follow join at the end', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 2 })
  const token = await wechat.getToken()
  const third = simulator.follow(simulator.userAt(2).openid)
  expect(simulator.follow(third.openid, { unionid: 'o6_known' }).unionid).toBe('o6_known')
  const fourth = simulator.follow()
  expect(fourth).toEqual(simulator.userAt(3))
  const page = await getPage(wechat, token)
  expect(page.data?.openid).toEqual(openidsOf(simulator, 0, 4))
  expect(page.total).toBe(4)
})

test('a cursor that was never in the list is refused with 40003', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 2 })
  const access_token = await wechat.getToken()
  for (const next_openid of ['nobody', simulator.userAt(5).openid, simulator.userAt(0).unionid ?? '']) {
    const { json } = await wechat.get('/cgi-bin/user/get', { access_token, next_openid })
    expect(json.errcode).toBe(40003)
  }
})

test('user/get has a daily quota of 500', async () => {
  const { simulator, wechat } = await startSimulator({ now: () => Date.parse('2026-11-20T12:00:00Z') })
  const access_token = await wechat.getToken()
  const calls = Array.from({ length: 501 }, () => wechat.get('/cgi-bin/user/get', { access_token }))
  const errcodes = (await Promise.all(calls)).map(({ json }) => json.errcode ?? 0)
  expect(errcodes.filter((errcode) => errcode === 0)).toHaveLength(500)
  expect(errcodes.filter((errcode) => errcode === 45009)).toHaveLength(1)
  simulator.advance(24 * 3_600_000)
  const tomorrow = await wechat.get('/cgi-bin/user/get', { access_token: await wechat.getToken() })
  expect(tomorrow.json.errcode).toBeUndefined()
})

test('user/info shows a follower whole and one who left bare', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 2 })
  const access_token = await wechat.getToken()
  const { openid, unionid } = simulator.userAt(0)
  const info = () => wechat.get('/cgi-bin/user/info', { access_token, openid, lang: 'zh_CN' })
  expect((await info()).json).toEqual({
    subscribe: 1,
    openid,
    language: 'zh_CN',
    subscribe_time: expect.any(Number),
    unionid,
    remark: '',
    groupid: 0,
    tagid_list: expect.any(Array),
    subscribe_scene: expect.stringMatching(/^ADD_SCENE_/),
    qr_scene: 0,
    qr_scene_str: '',
  })
  simulator.unfollow(openid)
  expect((await info()).json).toEqual({ subscribe: 0, openid })
  simulator.follow(openid)
  const again = (await info()).json
  expect(again).toMatchObject({ subscribe: 1, unionid })
  expect(Math.abs(Number(again.subscribe_time) - Date.now() / 1000)).toBeLessThan(10)

  expect((await wechat.get('/cgi-bin/user/info', { access_token })).json.errcode).toBe(41009)
  expect((await wechat.get('/cgi-bin/user/info', { access_token, openid: 'nobody' })).json.errcode).toBe(
    40003,
  )
})

test('the unionid is missing for the share asked for, always for the same people, and can be scripted', async () => {
  const { simulator } = await startSimulator({ followers: 2_000, withoutUnionid: 0.25 })
  const withUnionid = openidsOf(simulator, 0, 2_000).filter(
    (_, n) => simulator.userAt(n).unionid !== undefined,
  )
  expect(withUnionid.length).toBeGreaterThan(1_400)
  expect(withUnionid.length).toBeLessThan(1_600)

  const { simulator: other, wechat } = await startSimulator({ followers: 2, unionidAfterLeaving: true })
  const access_token = await wechat.getToken()
  const { openid, unionid } = other.userAt(1)
  const info = async () => (await wechat.get('/cgi-bin/user/info', { access_token, openid })).json
  other.setUnionid(openid, undefined)
  expect(await info()).not.toHaveProperty('unionid')
  other.setUnionid(openid, 'o6_later')
  expect(await info()).toMatchObject({ subscribe: 1, unionid: 'o6_later' })
  other.unfollow(openid)
  expect(await info()).toEqual({ subscribe: 0, unionid: 'o6_later', openid })
  expect(unionid).toMatch(/^o6_/)
})

test('batchget answers up to 100 openids in the order asked, people who left with subscribe 0', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 200 })
  const path = `/cgi-bin/user/info/batchget?access_token=${await wechat.getToken()}`
  const ask = (openids: string[]) =>
    wechat.post(path, { user_list: openids.map((openid) => ({ openid, lang: 'zh_CN' })) })
  const openids = openidsOf(simulator, 150, 250)
  const { json } = await ask(openids)
  const list = Array.isArray(json.user_info_list) ? json.user_info_list : []
  expect(list.map((user) => user.openid)).toEqual(openids)
  expect(list.map((user) => user.subscribe)).toEqual([...Array(50).fill(1), ...Array(50).fill(0)])
  expect(list[0].unionid).toBe(simulator.userAt(150).unionid)

  expect((await ask(openidsOf(simulator, 0, 101))).json.errcode).toBe(40032)
  expect((await ask([])).json.errcode).toBe(40032)
  expect((await ask([...openidsOf(simulator, 0, 3), 'nobody'])).json.errcode).toBe(40003)
  expect((await wechat.post(path, { user_list: 'x' })).json.errcode).toBe(47001)
  expect((await wechat.post(path, 'user_list=[]')).json.errcode).toBe(47001)
  expect((await wechat.post(path)).json.errcode).toBe(44002)
  expect((await wechat.get(path.split('?')[0] ?? '')).json.errcode).toBe(43002)
  expect(simulator.stats().batchgetOpenids).toBe(104)
})

test('the blacklist is listed, filled and emptied', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 3 })
  const token = await wechat.getToken()
  const call = (name: string, body: unknown) =>
    wechat.post(`/cgi-bin/tags/members/${name}?access_token=${token}`, body)
  const openids = openidsOf(simulator, 0, 2)
  expect((await call('getblacklist', { begin_openid: '' })).json).toEqual({
    total: 0,
    count: 0,
    next_openid: '',
  })
  expect((await call('batchblacklist', { openid_list: openids })).json).toEqual({ errcode: 0, errmsg: 'ok' })
  expect((await call('getblacklist', { begin_openid: '' })).json).toEqual({
    total: 2,
    count: 2,
    data: { openid: openids },
    next_openid: openids[1],
  })
  expect((await call('getblacklist', { begin_openid: openids[1] })).json).toMatchObject({
    count: 0,
    next_openid: '',
  })
  expect((await call('getblacklist', { begin_openid: 'nobody' })).json.errcode).toBe(40003)
  await call('batchunblacklist', { openid_list: openids })
  expect((await call('getblacklist', {})).json.total).toBe(0)
  expect((await call('batchblacklist', { openid_list: Array(21).fill(openids[0]) })).json.errcode).toBe(40032)
  expect((await call('batchblacklist', { openid_list: ['nobody'] })).json.errcode).toBe(40003)
})

test('a million followers cost little and their pages come fast', async () => {
  const before = process.memoryUsage().rss
  const { simulator, wechat } = await startSimulator({ followers: 1_000_000 })
  const token = await wechat.getToken()
  const startedAt = performance.now()
  let cursor = ''
  let seen = 0
  for (let page = 0; page < 20; page++) {
    const answer = await getPage(wechat, token, cursor)
    seen += answer.count
    cursor = answer.next_openid
  }
  expect(seen).toBe(200_000)
  expect(cursor).toBe(simulator.userAt(199_999).openid)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1_048_576)
})
