import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/simulator/control/fault.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

/** An account with `followers` people, asked over real HTTP while one fault is set. */
async function ask(fault: Fault, followers = 4) {
  const { simulator, wechat } = await startSimulator({ followers, pageSize: 4 })
  const access_token = await wechat.getToken()
  const people = Array.from({ length: followers }, (_, n) => simulator.userAt(n))
  const openids = people.map(({ openid }) => openid)
  simulator.addFault(fault)
  return {
    simulator,
    openids,
    people,
    page: async (next_openid = '') =>
      (await wechat.get('/cgi-bin/user/get', { access_token, next_openid })).json,
    info: async (openid = '') => (await wechat.get('/cgi-bin/user/info', { access_token, openid })).json,
    batch: async (asked = openids) => {
      const body = { user_list: asked.map((openid) => ({ openid })) }
      return (await wechat.post(`/cgi-bin/user/info/batchget?access_token=${access_token}`, body)).json
    },
    send: async (more: object) => (await wechat.send(access_token, { ...more })).json.errcode,
  }
}

describe('the follower list', () => {
  const path = '/cgi-bin/user/get'

  test('can break off with an empty page, in the middle too', async () => {
    const { page, openids } = await ask({ path, action: 'empty_page', after: 1 }, 8)
    expect(await page()).toMatchObject({ count: 4, next_openid: openids[3] })
    expect(await page(openids[3])).toEqual({ total: 8, count: 0, next_openid: '' })
  })

  test('can break off within a page', async () => {
    const { page, openids } = await ask({ path, action: 'cut_page' })
    const data = { openid: openids.slice(0, 2) }
    expect(await page()).toEqual({ total: 4, count: 2, data, next_openid: '' })
  })

  test('can give the cursor it was asked with', async () => {
    const { page, openids } = await ask({ path, action: 'same_cursor', after: 1 }, 8)
    expect((await page()).next_openid).toBe(openids[3])
    expect(await page(openids[3])).toMatchObject({ count: 4, next_openid: openids[3] })
  })

  test('can begin with an empty openid', async () => {
    const { page, openids } = await ask({ path, action: 'blank_openid' })
    expect(await page()).toMatchObject({ count: 5, data: { openid: ['', ...openids] } })
  })
})

describe('user info', () => {
  test('can leave out the unionid of everybody, or of one', async () => {
    const all = await ask({ action: 'without_unionid' })
    const { user_info_list: rows } = await all.batch()
    expect(rows).toEqual(all.openids.map((openid) => expect.objectContaining({ subscribe: 1, openid })))
    expect(JSON.stringify(rows)).not.toContain('unionid')
    expect(await all.info(all.openids[0])).not.toHaveProperty('unionid')

    const openid = all.people[1]?.openid
    const one = await ask({ action: 'without_unionid', match: { openid } })
    const list = (await one.batch()).user_info_list
    const shown = Array.isArray(list) ? list.map((row) => row.unionid) : []
    expect(shown).toEqual([0, 1, 2, 3].map((n) => (n === 1 ? undefined : one.people[n]?.unionid)))
    expect(await one.info(one.openids[0])).toHaveProperty('unionid')
  })

  test('can say of somebody who follows that he does not', async () => {
    const { info, batch, openids, simulator } = await ask({ action: 'not_following', times: 1 })
    const [openid = ''] = openids
    expect(await info(openid)).toEqual({ subscribe: 0, openid })
    expect(await info(openid)).toMatchObject({ subscribe: 1 })
    simulator.addFault({ action: 'not_following', match: { openid } })
    expect(await batch()).toMatchObject({ user_info_list: [{ subscribe: 0 }, { subscribe: 1 }, {}, {}] })
  })

  test('can be `{}`, or missing from a batch', async () => {
    const empty = await ask({ action: 'empty_rows' })
    expect(await empty.batch()).toEqual({ user_info_list: [{}, {}, {}, {}] })
    const openid = empty.openids[2]
    const missing = await ask({ action: 'missing_rows', match: { openid } })
    const rows = (await missing.batch()).user_info_list
    expect(rows).toHaveLength(3)
    expect(JSON.stringify(rows)).not.toContain(String(openid))
    expect(await missing.info(openid)).toMatchObject({ subscribe: 1, openid })
  })

  test('can give each row the unionid of the next', async () => {
    const { batch, people } = await ask({ action: 'shifted_unionids' })
    const unionids = people.map(({ unionid }) => unionid)
    expect(await batch()).toMatchObject({
      user_info_list: [...unionids.slice(1), unionids[3]].map((unionid) => ({ unionid })),
    })
  })

  test('can be refused with 40032 above 50 openids', async () => {
    const { batch, openids, send } = await ask({ action: { errcode: 40032 }, match: { moreThan: 50 } }, 51)
    expect((await batch()).errcode).toBe(40032)
    expect(await batch(openids.slice(0, 50))).toHaveProperty('user_info_list')
    expect(await send({})).toBe(0)
  })
})

test('one openid, or one template, can be answered with a code', async () => {
  const { send, simulator, openids } = await ask({ action: { errcode: 50002 }, match: { openid: 'nobody' } })
  const [touser] = openids
  const templateId = simulator.templates[0]?.templateId
  simulator.clearFaults()
  simulator.addFault({ action: { errcode: 50002 }, match: { openid: touser } })
  expect(await send({ touser })).toBe(50002)
  expect(await send({ touser: openids[1] })).toBe(0)
  simulator.addFault({ action: { errcode: 43116, errmsg: 'blocked' }, match: { templateId } })
  expect(await send({ touser: openids[1] })).toBe(43116)
})

test('a unionid can come some time after the follow', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1, unionidDelayMs: 60_000 })
  const { openid } = simulator.follow()
  expect(simulator.userAt(0).unionid).toMatch(/^o6_/)
  const info = async () => {
    const access_token = await wechat.getToken()
    return (await wechat.get('/cgi-bin/user/info', { access_token, openid })).json
  }
  expect(await info()).toMatchObject({ subscribe: 1 })
  expect(await info()).not.toHaveProperty('unionid')
  simulator.advance(60_000)
  expect(await info()).toHaveProperty('unionid', simulator.userAt(1).unionid)
})
