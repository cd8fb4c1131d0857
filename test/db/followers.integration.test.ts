import { describe, expect, test } from 'vitest'
import type { FollowerFacts } from '../../src/db/followers.ts'
import { engines } from './engines.ts'

const appid = 'wx0123456789abcdef'

function toFacts(more: Partial<FollowerFacts> = {}): FollowerFacts {
  const known = {
    unionid: 'union-1',
    subscribeTime: 1_000,
    scene: 'ADD_SCENE_SEARCH',
    tagIds: [2],
    remark: 'vip',
  }
  return { openid: 'open-1', subscribed: true, ...known, ...more }
}

describe.each(engines)('$name', ({ create }) => {
  async function openFollowers() {
    const opened = await create()
    return { ...opened, followers: opened.database.followers(appid) }
  }

  describe('what WeChat tells of a follower', () => {
    test('is found by unionid and by openid', async () => {
      const { followers } = await openFollowers()
      await followers.upsert([toFacts()], { at: 5_000 })
      const row = {
        appid,
        ...toFacts(),
        unsubscribedAt: null,
        seenRun: null,
        infoAt: 5_000,
        eventAt: null,
      }
      expect(await followers.findByUnionid('union-1')).toMatchObject(row)
      expect(await followers.findByOpenid('open-1')).toMatchObject(row)
      expect(await followers.findByOpenids(['open-1', 'open-2'])).toMatchObject([row])
      expect(await followers.findByUnionid('union-2')).toBeUndefined()
      expect(await followers.findByOpenid('open-2')).toBeUndefined()
      expect(await followers.findByOpenids([])).toEqual([])
    })

    test('never loses a unionid, or anything else, by being left out later', async () => {
      const { followers } = await openFollowers()
      await followers.upsert([toFacts()], { at: 5_000 })
      await followers.upsert([{ openid: 'open-1', subscribed: true }], { at: 6_000 })
      expect(await followers.findByOpenid('open-1')).toMatchObject({ ...toFacts(), infoAt: 6_000 })
      await followers.upsert([toFacts({ unionid: 'union-2', tagIds: [], remark: '' })], { at: 7_000 })
      expect(await followers.findByOpenid('open-1')).toMatchObject({
        unionid: 'union-2',
        tagIds: [],
        remark: '',
      })
    })

    test('gives way to what was learned after WeChat was asked', async () => {
      const { database, followers } = await openFollowers()
      await followers.upsert([toFacts()], { at: 5_000 })
      await followers.upsert([toFacts({ unionid: 'old' })], { at: 4_999 })
      expect(await followers.findByOpenid('open-1')).toMatchObject({ unionid: 'union-1', infoAt: 5_000 })

      const live = database.liveFollowers(appid)
      await database.write([live.toUnfollow([{ openid: 'open-1', at: 8_000, now: 8_000 }])])
      await followers.upsert([toFacts()], { at: 7_000 })
      expect(await followers.findByOpenid('open-1')).toMatchObject({
        subscribed: false,
        unsubscribedAt: 8_000,
      })
      await followers.upsert([toFacts({ subscribeTime: 9_000 })], { at: 9_000 })
      expect(await followers.findByOpenid('open-1')).toMatchObject({ subscribed: true, unsubscribedAt: null })
    })

    test('marks those who left, and gives strangers who do not follow no row', async () => {
      const { followers } = await openFollowers()
      await followers.upsert([toFacts()], { at: 5_000 })
      await followers.upsert(
        [
          { openid: 'open-1', subscribed: false },
          { openid: 'open-2', subscribed: false },
        ],
        { at: 6_000 },
      )
      expect(await followers.findByOpenid('open-1')).toMatchObject({
        subscribed: false,
        unsubscribedAt: 6_000,
        unionid: 'union-1',
      })
      expect(await followers.findByOpenid('open-2')).toBeUndefined()
    })
  })

  test('of several followers with one unionid a subscribed one is found, then the newest', async () => {
    const { followers } = await openFollowers()
    const openids = ['old', 'newest', 'left']
    await followers.upsert(
      openids.map((openid, n) => toFacts({ openid, subscribeTime: n * 1_000 })),
      { at: 5_000 },
    )
    await followers.markUnsubscribed(['left'], 6_000)
    expect(await followers.findByUnionid('union-1')).toMatchObject({ openid: 'newest', unionid: 'union-1' })
    expect(await followers.findRecipient('union-1')).toMatchObject({ openid: 'newest', subscribed: true })
    await followers.markUnsubscribed(['newest'], 6_000)
    expect(await followers.findByUnionid('union-1')).toMatchObject({ openid: 'old' })
    await followers.markUnsubscribed(['old'], 6_000)
    expect(await followers.findByUnionid('union-1')).toMatchObject({ openid: 'left', subscribed: false })
  })

  test('marking as left counts only those who followed, and spares who was heard of later', async () => {
    const { followers } = await openFollowers()
    await followers.upsert([toFacts()], { at: 5_000 })
    expect(await followers.markUnsubscribed(['open-1'], 4_999)).toBe(0)
    expect(await followers.markUnsubscribed(['open-1', 'stranger'], 5_000)).toBe(1)
    expect(await followers.markUnsubscribed(['open-1'], 6_000)).toBe(0)
    expect(await followers.findByOpenid('open-1')).toMatchObject({ subscribed: false, unsubscribedAt: 5_000 })
  })

  test('counts are those of the account', async () => {
    const { database, followers, query } = await openFollowers()
    const facts = Array.from({ length: 30 }, (_, n) =>
      toFacts({ openid: `open-${n}`, unionid: n < 10 ? undefined : `union-${n}` }),
    )
    await followers.upsert(facts, { at: 5_000 })
    await followers.markUnsubscribed(['open-0', 'open-20'], 6_000)
    await database.followers('wx-other').upsert([toFacts()], { at: 5_000 })
    expect(await followers.counts()).toEqual({ subscribed: 28, withUnionid: 19, unsubscribed: 2 })
    expect(await followers.findByOpenid('open-1')).toMatchObject({ appid })
    await followers.upsert([toFacts({ openid: 'open-0' }), toFacts({ openid: 'open-1' })], { at: 7_000 })
    await followers.upsert([toFacts({ openid: 'open-25' })], { at: 7_000 })
    expect(await followers.counts()).toEqual({ subscribed: 29, withUnionid: 21, unsubscribed: 1 })
    await query("DELETE FROM followers WHERE openid IN ('open-2', 'open-20')")
    expect(await followers.counts()).toEqual({ subscribed: 28, withUnionid: 21, unsubscribed: 0 })
  })
})
