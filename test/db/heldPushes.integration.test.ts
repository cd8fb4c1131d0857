import { describe, expect, test } from 'vitest'
import type { HeldPush } from '../../src/db/heldPushes.ts'
import { engines } from './engines.ts'
import { toPushRow } from './pushRow.ts'

const appid = 'wx1'

function toHeld(id: string, place: number, more: Partial<HeldPush> = {}): HeldPush {
  const waiting = { status: 'queued', reason: 'hold', unknownSince: null, attempts: 0 } as const
  return { ...toPushRow({ id, ...waiting, place }), heldFor: 'u1', heldAt: 1_000, ...more }
}

describe.each(engines)('$name', ({ create }) => {
  test('the first of those held for a user is found until it ends, in the order of their places', async () => {
    const { database } = await create()
    const held = database.heldPushes(appid)
    expect(await held.hold(toHeld('b', 2.5))).toBe(true)
    expect(await held.hold(toHeld('a', 2.25))).toBe(true)
    expect(await held.hold(toHeld('other', 1, { heldFor: 'u2' }))).toBe(true)
    expect(await held.count()).toBe(3)
    expect(await held.findFirst('u1')).toEqual(toHeld('a', 2.25))
    expect(await database.pushes(appid).cancel('a', 5_000)).toBe(true)
    expect(await held.hold(toHeld('a', 2.25))).toBe(false)
    expect(await held.findFirst('u1')).toMatchObject({ id: 'b' })
    expect(await held.findFirst('u3')).toBeUndefined()
    expect(await database.heldPushes('wx2').findFirst('u1')).toBeUndefined()
    expect(await held.count()).toBe(2)
  })

  test('whoever begins to follow is noted once, and only when a push is held for them', async () => {
    const { database } = await create()
    const held = database.heldPushes(appid)
    const follow = (openid: string, unionid?: string) =>
      database.followers(appid).upsert([{ openid, subscribed: true, unionid }], { at: 2_000 })
    await held.hold(toHeld('a', 1))
    await held.hold(toHeld('b', 2))
    await held.hold(toHeld('c', 3, { unionid: null, heldFor: 'o3' }))
    await follow('o2', 'u2')
    expect(await held.findPendingReleases(10)).toEqual([])
    await follow('o1', 'u1')
    await database.write(database.liveFollowers(appid).toFollow([{ openid: 'o3', at: 3_000, now: 3_000 }]))
    const pending = await held.findPendingReleases(10)
    expect(pending.map(({ recipient }) => recipient)).toEqual(['u1', 'o3'])
    expect(await held.findPendingReleases(1)).toEqual(pending.slice(0, 1))
    expect(await database.heldPushes('wx2').findPendingReleases(10)).toEqual([])
    await held.dropPendingReleases(pending.slice(0, 1))
    expect(await held.findPendingReleases(10)).toEqual(pending.slice(1))
  })

  test('a push that is held for somebody who follows by then is noted with it', async () => {
    const { database } = await create()
    const held = database.heldPushes(appid)
    await database.followers(appid).upsert([{ openid: 'o1', subscribed: true, unionid: 'u1' }], { at: 2_000 })
    await held.hold(toHeld('a', 1))
    expect(await held.findPendingReleases(10)).toMatchObject([{ recipient: 'u1' }])
  })

  test('those that expired end, the others wait on', async () => {
    const { database } = await create()
    const held = database.heldPushes(appid)
    await held.hold(toHeld('over', 1, { expiresAt: 5_000 }))
    await held.hold(toHeld('later', 2, { expiresAt: 5_001 }))
    await held.hold(toHeld('never', 3))
    expect(await held.expire(5_000)).toBe(1)
    expect(await held.expire(5_000)).toBe(0)
    expect(await database.pushes(appid).find('over')).toMatchObject({
      status: 'skipped',
      reason: 'expired',
      finishedAt: 5_000,
    })
    expect(await held.count()).toBe(2)
    expect(await held.findFirst('u1')).toMatchObject({ id: 'later' })
  })
})
