import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeDir } from '../helpers/pushing.ts'
import { startScriptedServer } from '../helpers/scriptedServer.ts'
import { openSyncStack } from '../helpers/syncStack.ts'

interface Page {
  total?: number
  openids?: string[]
  /** Default: the last openid. */
  next?: string
}

interface OddAccount {
  /** By the `next_openid` asked with; '' is the start, absent ones are the empty page after the last. */
  pages: Record<string, Page>
  /** Default: all who are asked about, as followers. */
  answer?: (openids: string[]) => object[]
}

/** An account whose answers are what the test says, synced over real HTTP. */
async function startOddAccount(account: OddAccount) {
  const server = await startScriptedServer((response, { path, query, text }) => {
    response.end(JSON.stringify(path.endsWith('stable_token') ? token : answer(path, query, text)))
  })
  const token = { access_token: 'token', expires_in: 7200 }
  function answer(path: string, query: URLSearchParams, text: string) {
    if (path === '/cgi-bin/user/get') return toPage(account.pages[query.get('next_openid') ?? ''])
    const { user_list: users }: { user_list: { openid: string }[] } = JSON.parse(text)
    const openids = users.map(({ openid }) => openid)
    return { user_info_list: account.answer?.(openids) ?? openids.map((openid) => toUser(openid)) }
  }
  const wechat = { base: server.base, appid: 'wx0123456789abcdef', secret: 's' }
  const stack = await openSyncStack({ path: join(await makeDir(), 'test.db'), wechat })
  onTestFinished(() => stack.close())
  return {
    ...stack,
    asked: () => server.requests.filter(({ path }) => path === '/cgi-bin/user/get').length,
    batches: () =>
      server.requests
        .filter(({ path }) => path === '/cgi-bin/user/info/batchget')
        .map(({ text }) => [...text.matchAll(/"openid":"([^"]+)"/g)].map(([, openid]) => openid)),
  }
}

function toPage({ total = 0, openids, next = openids?.at(-1) ?? '' }: Page = {}) {
  return {
    total,
    count: openids?.length ?? 0,
    ...(openids && { data: { openid: openids } }),
    next_openid: next,
  }
}

function toUser(openid: string, more: object = {}) {
  return { subscribe: 1, openid, unionid: `union of ${openid}`, subscribe_time: 1_700_000_000, ...more }
}

describe('the list of followers ends', () => {
  test.each<[string, Record<string, Page>, number]>([
    [
      'repeats the cursor it was asked with',
      { '': { openids: ['a', 'b'] }, b: { openids: ['c'], next: 'b' } },
      2,
    ],
    [
      'goes round in circles',
      { '': { openids: ['a'] }, a: { openids: ['b'] }, b: { openids: ['c'], next: 'a' } },
      3,
    ],
    ['has an empty data.openid', { '': { openids: ['a', 'b', 'c'] }, c: { openids: [], next: 'c' } }, 2],
    ['has no cursor', { '': { openids: ['a', 'b', 'c'], next: '' } }, 1],
    ['has no data after the last', { '': { openids: ['a', 'b', 'c'] } }, 2],
  ])('when WeChat %s', async (_, pages, calls) => {
    for (const page of Object.values(pages)) page.total = 3
    const { sync, asked, followers } = await startOddAccount({ pages })
    expect(await sync()).toMatchObject({ status: 'complete', seen: 3, added: 3 })
    expect(asked()).toBe(calls)
    expect(await followers.counts()).toMatchObject({ subscribed: 3 })
  })

  test.each<[string, Page | undefined]>([
    ['an empty page', { total: 40 }],
    ['a page that knows nothing', undefined],
    ['a page without a cursor', { total: 40, openids: ['o20'], next: '' }],
  ])('too early by %s, and then nobody is dropped', async (_, page) => {
    const openids = Array.from({ length: 40 }, (_, n) => `o${n}`)
    const whole = {
      '': { total: 40, openids: openids.slice(0, 22) },
      o21: { total: 40, openids: openids.slice(22) },
    }
    const pages: Record<string, Page> = { ...whole }
    const { sync, followers } = await startOddAccount({ pages })
    await sync()
    if (page) pages.o21 = page
    else delete pages.o21
    const early = await sync()
    expect(early).toMatchObject({ status: 'stopped', total: 40, unsubscribed: 0 })
    expect(early.error).toContain('WeChat counts 40 followers and lists only 2')
    Object.assign(pages, whole)
    expect(await sync()).toMatchObject({ status: 'complete', unsubscribed: 0, fetched: 0 })
    expect(await followers.counts()).toMatchObject({ subscribed: 40 })
  })

  test('before it began, and then nobody is dropped', async () => {
    const openids = Array.from({ length: 20 }, (_, n) => `o${n}`)
    const pages: Record<string, Page> = { '': { total: 20, openids } }
    const { sync, followers } = await startOddAccount({ pages })
    await sync()
    pages[''] = { total: 20 }
    expect(await sync()).toMatchObject({ status: 'stopped', total: 20, seen: 0 })
    expect(await followers.counts()).toMatchObject({ subscribed: 20 })
  })

  test('with openids listed twice, which count once', async () => {
    const pages = {
      '': { total: 3, openids: ['a', 'b', 'a'], next: 'b' },
      b: { total: 3, openids: ['b', 'c', 'a'] },
    }
    const { sync, batches } = await startOddAccount({ pages })
    expect(await sync()).toMatchObject({ status: 'complete', pages: 2, seen: 3, fetched: 3, added: 3 })
    expect(batches()).toEqual([['a', 'b'], ['c']])
    expect(await sync()).toMatchObject({ seen: 3, fetched: 0, unsubscribed: 0 })
  })
})

describe('batchget', () => {
  test('may leave followers out: they are asked about once more, and in the next sync', async () => {
    const openids = Array.from({ length: 10 }, (_, n) => `o${n}`)
    let hidden = ['o3', 'o4']
    const { sync, batches, followers } = await startOddAccount({
      pages: { '': { total: 10, openids } },
      answer: (asked) => asked.filter((openid) => !hidden.includes(openid)).map((openid) => toUser(openid)),
    })
    expect(await sync()).toMatchObject({
      status: 'complete',
      seen: 10,
      fetched: 10,
      added: 8,
      withoutUnionid: 2,
    })
    expect(batches()).toEqual([openids, ['o3', 'o4']])
    hidden = []
    expect(await sync()).toMatchObject({
      status: 'complete',
      seen: 10,
      fetched: 2,
      added: 2,
      withoutUnionid: 0,
    })

    hidden = ['o5']
    expect(await sync({ full: true })).toMatchObject({ status: 'complete', updated: 0, unsubscribed: 0 })
    expect(await followers.findByOpenid('o5')).toMatchObject({ subscribed: true, unionid: 'union of o5' })
  })

  test('may answer about others and twice', async () => {
    const { sync, followers } = await startOddAccount({
      pages: { '': { total: 2, openids: ['a', 'b'] } },
      answer: () => [toUser('stranger'), toUser('b'), toUser('a'), toUser('b')],
    })
    expect(await sync()).toMatchObject({ status: 'complete', seen: 2, added: 2 })
    expect(await followers.findByOpenid('stranger')).toBeUndefined()
    expect(await followers.findByUnionid('union of a')).toMatchObject({ openid: 'a' })
  })

  test('may know that somebody on the list has left', async () => {
    const left = new Set<string>()
    const { sync, followers } = await startOddAccount({
      pages: { '': { total: 3, openids: ['a', 'b', 'new'] } },
      answer: (asked) =>
        asked.map((openid) => (left.has(openid) ? { subscribe: 0, openid } : toUser(openid))),
    })
    left.add('new')
    expect(await sync()).toMatchObject({ status: 'complete', added: 2, unsubscribed: 0 })
    expect(await followers.findByOpenid('new')).toBeUndefined()
    left.add('a')
    expect(await sync({ full: true })).toMatchObject({ status: 'complete', unsubscribed: 1 })
    expect(await followers.findByOpenid('a')).toMatchObject({ subscribed: false, unionid: 'union of a' })
  })
})
