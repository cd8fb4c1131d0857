import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Log } from '../../src/base/log.ts'
import { renderStored } from '../../src/base/sentences/stored.ts'
import { createTestLog, makeDir } from '../helpers/pushing.ts'
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
  /** Default: all who are asked about, as followers. A number is an errcode. */
  answer?: (openids: string[]) => object[] | number
  /** Of user/info; default: a follower. */
  answerOne?: (openid: string) => object
}

/** An account whose answers are what the test says, synced over real HTTP. */
async function startOddAccount(account: OddAccount, more: { log?: Log; now?: () => number } = {}) {
  const server = await startScriptedServer((response, { path, query, text }) => {
    response.end(JSON.stringify(path.endsWith('stable_token') ? token : answer(path, query, text)))
  })
  const token = { access_token: 'token', expires_in: 7200 }
  function answer(path: string, query: URLSearchParams, text: string) {
    if (path === '/cgi-bin/user/info') {
      const openid = query.get('openid') ?? ''
      return account.answerOne?.(openid) ?? toUser(openid)
    }
    if (path === '/cgi-bin/user/get') return toPage(account.pages[query.get('next_openid') ?? ''])
    const { user_list: users }: { user_list: { openid: string }[] } = JSON.parse(text)
    const openids = users.map(({ openid }) => openid)
    const given = account.answer?.(openids) ?? openids.map((openid) => toUser(openid))
    return typeof given === 'number' ? { errcode: given, errmsg: 'no' } : { user_info_list: given }
  }
  const wechat = { base: server.base, appid: 'wx0123456789abcdef', secret: 's' }
  const stack = await openSyncStack({ path: join(await makeDir(), 'test.db'), wechat, ...more })
  onTestFinished(() => stack.close())
  return {
    ...stack,
    asked: () => server.requests.filter(({ path }) => path === '/cgi-bin/user/get').length,
    askedOne: () =>
      server.requests
        .filter(({ path }) => path === '/cgi-bin/user/info')
        .map(({ query }) => query.get('openid')),
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
    expect(renderStored(early.error ?? '', 'en')).toContain('WeChat counts 40 followers and lists only 2')
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

  describe('when 91 % have been named, and then nobody is dropped who follows', () => {
    const all = toNames(200)
    const whole: Record<string, Page> = {
      '': { total: 200, openids: all.slice(0, 100) },
      o99: { total: 200, openids: all.slice(100) },
    }
    const early = all.slice(100, 182)

    test.each<[string, Record<string, Page>, RegExp]>([
      ['by an empty page', { o99: { total: 200, openids: early } }, /lists only 182.*empty page/],
      ['by a page without a cursor', { o99: { total: 200, openids: early, next: '' } }, /without a cursor/],
      [
        'by the cursor it was asked with',
        { o99: { total: 200, openids: early, next: 'o99' } },
        /given before/,
      ],
      [
        'by a loop',
        {
          o99: { total: 200, openids: early },
          o181: { total: 200, openids: ['o180'], next: 'o99' },
        },
        /given before/,
      ],
    ])('%s', async (_, pages, words) => {
      let gone: string[] = []
      const account: OddAccount = {
        pages: { ...whole },
        answer: (asked) =>
          asked.includes('o198') && gone.length > 0
            ? 40003
            : asked.map((openid) => (gone.includes(openid) ? { subscribe: 0, openid } : toUser(openid))),
      }
      const { sync, followers } = await startOddAccount(account)
      expect(await sync()).toMatchObject({ status: 'complete', added: 200 })
      gone = ['o199', 'o3']
      Object.assign(account.pages, pages)
      const odd = await sync()
      // o3 is on the list, which nobody doubts that much.
      expect(odd).toMatchObject({ status: 'stopped', unsubscribed: 2 })
      expect(renderStored(odd.error ?? '', 'en')).toMatch(words)
      expect(await followers.counts()).toMatchObject({ subscribed: 198, unsubscribed: 2 })
      for (const openid of ['o198', 'o199'])
        expect(await followers.findByOpenid(openid)).toMatchObject({ subscribed: false })

      account.pages = whole
      gone = []
      expect(await sync()).toMatchObject({ status: 'complete', seen: 200 })
    })

    test('although its total shrinks with it', async () => {
      const account: OddAccount = { pages: { ...whole } }
      const { sync, followers, batches } = await startOddAccount(account)
      await sync()
      account.pages = { '': { total: 102, openids: all.slice(0, 102) } }
      const odd = await sync()
      expect(odd).toMatchObject({ status: 'stopped', total: 102, seen: 102, unsubscribed: 0 })
      expect(renderStored(odd.error ?? '', 'en')).toContain('leaves out 98 of 200 followers')
      expect(batches().at(-1)).toEqual(all.slice(102))
      expect(await followers.counts()).toMatchObject({ subscribed: 200 })
      expect(await sync({ force: true })).toMatchObject({ status: 'complete', unsubscribed: 0 })
    })
  })

  test('interrupted while those it left out are asked about, and the next sync reads its end again', async () => {
    const all = toNames(200)
    const account: OddAccount = { pages: { '': { total: 200, openids: all } } }
    const { sync, followers } = await startOddAccount(account)
    await sync()
    account.pages = {
      '': { total: 200, openids: all.slice(0, 100) },
      o99: { total: 200, openids: all.slice(100, 150) },
    }
    account.answer = (asked) => (asked.includes('o199') ? 45009 : asked.map((openid) => toUser(openid)))
    expect(await sync()).toMatchObject({ status: 'interrupted', seen: 150 })
    delete account.answer
    account.pages.o149 = { total: 200, openids: all.slice(150) }
    expect(await sync()).toMatchObject({ status: 'complete', resumed: true, seen: 200, unsubscribed: 0 })
    expect(await followers.counts()).toMatchObject({ subscribed: 200 })
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

describe('batchget with odd rows', () => {
  test('leaves them out, counts them and goes on', async () => {
    const { log, lines } = createTestLog()
    const { sync, followers } = await startOddAccount(
      {
        pages: { '': { total: 4, openids: ['', 'a', 'b', 'c'] } },
        answer: (asked) =>
          asked.map((openid) => (openid === 'b' ? {} : openid === 'c' ? { openid } : toUser(openid))),
      },
      { log },
    )
    expect(await sync()).toMatchObject({ status: 'complete', seen: 3, added: 1, oddRows: 3 })
    expect(await followers.findByOpenid('')).toBeUndefined()
    expect(await followers.counts()).toMatchObject({ subscribed: 1 })
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'follower sync complete', oddRows: 3 }))
  })

  test.each([50, 20, 1])('is halved when WeChat takes %i openids at most, which is kept', async (most) => {
    const openids = toNames(1_000)
    const { sync, batches } = await startOddAccount({
      pages: { '': { total: 1_000, openids } },
      answer: (asked) => (asked.length > most ? 40032 : asked.map((openid) => toUser(openid))),
    })
    expect(await sync({ concurrency: 1 })).toMatchObject({ status: 'complete', added: 1_000 })
    const refused = batches().filter(({ length }) => length > most)
    expect(refused.length).toBeLessThanOrEqual(100)
    expect(
      batches()
        .slice(-5)
        .every(({ length }) => length <= most),
    ).toBe(true)
  })

  test('keeps its length when a single openid is refused as if it were a long list', async () => {
    const openids = toNames(300)
    const { sync, batches } = await startOddAccount({
      pages: { '': { total: 300, openids } },
      answer: (asked) => (asked.includes('o7') ? 40032 : asked.map((openid) => toUser(openid))),
    })
    expect(await sync({ concurrency: 1 })).toMatchObject({ status: 'complete', added: 299, seen: 300 })
    expect(batches().at(-1)).toHaveLength(100)
  })
})

describe('a follower without unionid', () => {
  test('is asked about by every sync', async () => {
    const late = new Set(['o119'])
    const { sync, followers } = await startOddAccount({
      pages: { '': { total: 120, openids: toNames(120) } },
      answer: (asked) => asked.map((openid) => toUser(openid, late.has(openid) ? { unionid: '' } : {})),
    })
    expect(await sync()).toMatchObject({ added: 120, withoutUnionid: 1 })
    expect(await sync()).toMatchObject({ fetched: 1, withoutUnionid: 1 })
    late.clear()
    expect(await sync()).toMatchObject({ fetched: 1, updated: 1, withoutUnionid: 0 })
    expect(await followers.findByUnionid('union of o119')).toMatchObject({ openid: 'o119' })
    expect(await sync()).toMatchObject({ fetched: 0 })
  })

  test('is asked about with a sample of a hundred while nobody has one', async () => {
    let isBound = false
    const { sync, batches, followers } = await startOddAccount({
      pages: { '': { total: 300, openids: toNames(300) } },
      answer: (asked) => asked.map((openid) => toUser(openid, isBound ? {} : { unionid: undefined })),
    })
    expect(await sync()).toMatchObject({ added: 300, withoutUnionid: 300 })
    const before = batches().length
    expect(await sync()).toMatchObject({ status: 'complete', fetched: 0, withoutUnionid: 300 })
    expect(
      batches()
        .slice(before)
        .map(({ length }) => length),
    ).toEqual([100])
    isBound = true
    expect(await sync()).toMatchObject({ fetched: 300, updated: 300, withoutUnionid: 0 })
    expect(await followers.counts()).toMatchObject({ withUnionid: 300 })
  })
})

describe('unionids that are all others than before', () => {
  test('are noticed by a sample, and then everybody is fetched again', async () => {
    const { log, lines } = createTestLog()
    let platform = 'first'
    const { sync, followers } = await startOddAccount(
      {
        pages: { '': { total: 300, openids: toNames(300) } },
        answer: (asked) => asked.map((openid) => toUser(openid, { unionid: `${platform} ${openid}` })),
      },
      { log },
    )
    await sync()
    expect(await sync()).toMatchObject({ fetched: 0 })
    platform = 'second'
    expect(await sync()).toMatchObject({ status: 'complete', fetched: 300, updated: 300 })
    expect(await followers.findByUnionid('first o5')).toBeUndefined()
    expect(await followers.findByUnionid('second o5')).toMatchObject({ openid: 'o5' })
    expect(lines.filter(({ msg }) => String(msg).includes('Open Platform'))).toHaveLength(1)
    expect(await sync()).toMatchObject({ fetched: 0 })
  })
})

describe('two followers with one unionid', () => {
  test('are asked about singly, and so are all whom a shifted answer has mixed up', async () => {
    const { log, lines } = createTestLog()
    const { sync, followers, askedOne } = await startOddAccount(
      {
        pages: { '': { total: 10, openids: toNames(10) } },
        // From o4 on everybody carries the unionid of the next one; the last has its own.
        answer: (asked) =>
          asked.map((openid, n) =>
            n < 4 ? toUser(openid) : toUser(openid, { unionid: `union of ${asked[n + 1] ?? openid}` }),
          ),
      },
      { log },
    )
    expect(await sync()).toMatchObject({ status: 'complete', added: 10 })
    for (const openid of toNames(10)) {
      expect(await followers.findRecipient(`union of ${openid}`)).toEqual({
        openid,
        subscribed: true,
        subscribeTime: expect.any(Number),
      })
    }
    expect(new Set(askedOne())).toEqual(new Set(['o4', 'o5', 'o6', 'o7', 'o8', 'o9']))
    expect(lines.filter(({ msg }) => String(msg).includes('one unionid'))).toHaveLength(1)
  })

  test('of whom WeChat names but one leave the other without', async () => {
    const { sync, followers } = await startOddAccount({
      pages: { '': { total: 2, openids: ['a', 'b'] } },
      answer: (asked) => asked.map((openid) => toUser(openid, { unionid: 'union of a' })),
      answerOne: (openid) => toUser(openid, openid === 'b' ? { unionid: undefined } : {}),
    })
    await sync()
    expect(await followers.findRecipient('union of a')).toMatchObject({ openid: 'a' })
    expect(await followers.findByOpenid('b')).toMatchObject({ subscribed: true, unionid: null })
  })

  test('of whom WeChat says so singly too stay in doubt, and are asked about again by the next sync', async () => {
    const { log, lines } = createTestLog()
    let unionid: string | undefined = 'shared'
    const { sync, followers, askedOne } = await startOddAccount(
      {
        pages: { '': { total: 3, openids: ['a', 'b', 'c'] } },
        answer: (asked) => asked.map((openid) => toUser(openid, openid === 'c' ? {} : { unionid: 'shared' })),
        answerOne: (openid) => toUser(openid, openid === 'a' ? { unionid } : { unionid: 'shared' }),
      },
      { log },
    )
    await sync()
    expect(await followers.findRecipient('shared')).toMatchObject({ isShared: true })
    expect(
      lines.filter(({ level, msg }) => level === 'warn' && String(msg).includes('one unionid')),
    ).toHaveLength(1)
    unionid = 'own'
    await sync()
    expect(askedOne()).toEqual(['a', 'b', 'a', 'b'])
    expect(await followers.findRecipient('shared')).toEqual(expect.not.objectContaining({ isShared: true }))
    expect(await followers.findRecipient('own')).toMatchObject({ openid: 'a' })
  })
})

function toNames(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `o${n}`)
}
