import { isObject } from '../../../base/isObject.ts'
import { type Call, type Endpoints, type Refuse, toText } from '../answers.ts'
import type { FollowerList } from './followerList.ts'

interface UserEndpointsOptions {
  followers: FollowerList
  refuse: Refuse
  pageSize: number
  lastPageCursor: 'last' | 'empty'
  counts: { batchgetOpenids: number; cursors: Record<string, number> }
}

const mostPerBatch = 100
const mostPerBlacklistCall = 20
/** One official note says 1,000, an older sample shows 10,000. */
const blacklistPage = 1_000

/** user/get, user/info, batchget and the blacklist. */
export function createUserEndpoints(options: UserEndpointsOptions): Endpoints {
  const { followers, refuse, counts } = options

  function getPage(call: Call): string | Buffer {
    const cursor = toText(call.query.next_openid) ?? ''
    const page = followers.readPage(cursor, options.pageSize)
    if (!page) return refuse(call, 40003)
    counts.cursors[cursor] = (counts.cursors[cursor] ?? 0) + 1
    const head = `{"total":${followers.total()},"count":${page.count},`
    if (page.count === 0) return `${head}"next_openid":""}`
    const next = page.isLast && options.lastPageCursor === 'empty' ? '' : page.lastOpenid
    return Buffer.concat([
      Buffer.from(`${head}"data":{"openid":[`),
      page.list,
      Buffer.from(`]},"next_openid":${JSON.stringify(next)}}`),
    ])
  }

  function getInfo(call: Call): string {
    const openid = toText(call.query.openid)
    if (openid === undefined) return refuse(call, 41009)
    return followers.readInfo(openid) ?? refuse(call, 40003)
  }

  /** One openid that the account has never had fails the whole batch; people who left are listed with subscribe 0. */
  function getBatch(call: Call): string {
    const users = call.json.user_list
    if (!Array.isArray(users)) return refuse(call, 47001)
    if (users.length === 0 || users.length > mostPerBatch) return refuse(call, 40032)
    counts.batchgetOpenids += users.length
    let list = ''
    for (const user of users) {
      const openid = isObject(user) ? toText(user.openid) : undefined
      const info = openid === undefined ? undefined : followers.readInfo(openid)
      if (info === undefined) return refuse(call, 40003)
      list += list === '' ? info : `,${info}`
    }
    return `{"user_info_list":[${list}]}`
  }

  function getBlacklist(call: Call): string {
    const all = followers.blacklisted()
    const begin = toText(call.json.begin_openid)
    const from = begin === undefined ? 0 : all.indexOf(begin) + 1
    if (begin !== undefined && from === 0) return refuse(call, 40003)
    const openid = all.slice(from, from + blacklistPage)
    const page = { total: all.length, count: openid.length }
    if (openid.length === 0) return JSON.stringify({ ...page, next_openid: '' })
    return JSON.stringify({ ...page, data: { openid }, next_openid: openid.at(-1) })
  }

  function setBlacklisted(call: Call, blacklisted: boolean): string {
    const openids = call.json.openid_list
    if (!Array.isArray(openids)) return refuse(call, 47001)
    if (openids.length === 0 || openids.length > mostPerBlacklistCall) return refuse(call, 40032)
    if (openids.some((openid) => followers.standingOf(String(openid)) === 'unknown'))
      return refuse(call, 40003)
    for (const openid of openids) followers.setBlacklisted(String(openid), blacklisted)
    return '{"errcode":0,"errmsg":"ok"}'
  }

  return {
    '/cgi-bin/user/get': { method: 'GET', token: 'account', quota: 'userGet', handle: getPage },
    '/cgi-bin/user/info': { method: 'GET', token: 'account', quota: 'userInfo', handle: getInfo },
    '/cgi-bin/user/info/batchget': { method: 'POST', token: 'account', quota: 'batchget', handle: getBatch },
    '/cgi-bin/tags/members/getblacklist': { method: 'POST', token: 'account', handle: getBlacklist },
    '/cgi-bin/tags/members/batchblacklist': {
      method: 'POST',
      token: 'account',
      handle: (call) => setBlacklisted(call, true),
    },
    '/cgi-bin/tags/members/batchunblacklist': {
      method: 'POST',
      token: 'account',
      handle: (call) => setBlacklisted(call, false),
    },
  }
}
