import { second } from '../base/duration.ts'
import { isObject } from '../base/isObject.ts'
import { say } from '../base/sentences/sentence.ts'
import { findMsgid, toBadBody } from './answer.ts'
import { type AuthorizedCallDeps, createAuthorizedCall } from './authorizedCall.ts'
import { isOneTimeSubscription, parseTemplateFields } from './template.ts'
import type {
  CallbackReach,
  FollowerInfo,
  FollowerInfos,
  FollowerPage,
  InterceptedMessage,
  Quota,
  Template,
  TemplateMessage,
} from './types.ts'

/** The endpoints unionpush uses, in its own spelling. Calls throw WechatApiError or WechatNetworkError. */
export interface WechatApi {
  /** At most 10,000 openids that come after `nextOpenid`, in an order WeChat does not promise. */
  getFollowerPage(nextOpenid: string | undefined, signal?: AbortSignal): Promise<FollowerPage>
  /** At most 100 openids. Answers are to be matched by openid: neither order nor number is promised. */
  getFollowers(openids: readonly string[], signal?: AbortSignal): Promise<FollowerInfos>
  getFollower(openid: string, signal?: AbortSignal): Promise<FollowerInfo>
  /** Accepted is not delivered: the receipt comes later, under the same msgid, 19 digits as text. */
  sendTemplate(message: TemplateMessage, signal?: AbortSignal): Promise<{ msgid: string }>
  listTemplates(signal?: AbortSignal): Promise<Template[]>
  /** At most 100 of a template, those with the next greater numbers after `lastId`, 0 = from the first on. */
  getIntercepted(templateId: string, lastId: number, signal?: AbortSignal): Promise<InterceptedMessage[]>
  /** What is left today for an endpoint such as `/cgi-bin/message/template/send`. */
  getQuota(path: string, signal?: AbortSignal): Promise<Quota>
  /** The addresses under which the account reaches WeChat: a call that costs nothing and any account may make. */
  getApiAddresses(signal?: AbortSignal): Promise<string[]>
  /** What WeChat's own machines see of the host of the callback URL. */
  checkCallback(signal?: AbortSignal): Promise<CallbackReach>
}

export const interceptedPath = '/wxa/sec/queryblocktmplmsg'

const paths = {
  followerPage: '/cgi-bin/user/get',
  follower: '/cgi-bin/user/info',
  followers: '/cgi-bin/user/info/batchget',
  sendTemplate: '/cgi-bin/message/template/send',
  templates: '/cgi-bin/template/get_all_private_template',
  quota: '/cgi-bin/openapi/quota/get',
  apiAddresses: '/cgi-bin/get_api_domain_ip',
  checkCallback: '/cgi-bin/callback/check',
} as const

export function createWechatApi(deps: AuthorizedCallDeps): WechatApi {
  const call = createAuthorizedCall(deps)
  return {
    async getFollowerPage(nextOpenid, signal) {
      const query = nextOpenid === undefined ? {} : { next_openid: nextOpenid }
      const { json } = await call({ method: 'GET', path: paths.followerPage, query, signal })
      return toFollowerPage(json)
    },
    async getFollowers(openids, signal) {
      const body = { user_list: openids.map((openid) => ({ openid })) }
      const { json } = await call({ method: 'POST', path: paths.followers, body, signal })
      const { user_info_list: users } = json
      if (!Array.isArray(users))
        throw toBadBody(paths.followers, say('network.lacks', { name: 'user_info_list' }))
      const infos = users.map(toFollower).filter((info) => info !== undefined)
      return { infos, oddRows: users.length - infos.length }
    },
    async getFollower(openid, signal) {
      const { json } = await call({ method: 'GET', path: paths.follower, query: { openid }, signal })
      const info = toFollower(json)
      if (info === undefined)
        throw toBadBody(paths.follower, say('network.lacks_one', { name: 'openid', other: 'subscribe' }))
      return info
    },
    async sendTemplate(message, signal) {
      const body = toTemplateBody(message)
      const { json, text } = await call({ method: 'POST', path: paths.sendTemplate, body, hot: true, signal })
      // Without an errcode nothing says that WeChat accepted it.
      const msgid = json.errcode === undefined ? undefined : findMsgid(text)
      if (msgid === undefined)
        throw toBadBody(paths.sendTemplate, say('network.lacks_one', { name: 'errcode', other: 'msgid' }))
      return { msgid }
    },
    async listTemplates(signal) {
      const { json } = await call({ method: 'GET', path: paths.templates, signal })
      const { template_list: list = [] } = json
      if (!Array.isArray(list))
        throw toBadBody(paths.templates, say('network.not_a_list', { name: 'template_list' }))
      return list
        .filter(isObject)
        .map(toTemplate)
        .filter((template) => !isOneTimeSubscription(template))
    },
    async getIntercepted(templateId, lastId, signal) {
      const body = { tmpl_msg_id: templateId, largest_id: lastId, limit: 100 }
      const { json } = await call({ method: 'POST', path: interceptedPath, body, signal })
      const { msginfo = [] } = json
      // One message by itself, says the documentation, and a list, say real answers.
      return [msginfo].flat().flatMap(toIntercepted)
    },
    async getQuota(path, signal) {
      const { json } = await call({ method: 'POST', path: paths.quota, body: { cgi_path: path }, signal })
      return toQuota(json)
    },
    async getApiAddresses(signal) {
      const { json } = await call({ method: 'GET', path: paths.apiAddresses, signal })
      return Array.isArray(json.ip_list) ? json.ip_list.filter(isName) : []
    },
    async checkCallback(signal) {
      const body = { action: 'all', check_operator: 'DEFAULT' }
      const { json } = await call({ method: 'POST', path: paths.checkCallback, body, signal })
      return toCallbackReach(json)
    },
  }
}

function toFollowerPage({ total, data, next_openid: next }: Record<string, unknown>): FollowerPage {
  // The page after the last one has no data at all.
  const listed = isObject(data) && data.openid !== undefined ? data.openid : []
  if (!Array.isArray(listed) || typeof total !== 'number')
    throw toBadBody(paths.followerPage, say('network.lacks_one', { name: 'openids', other: 'total' }))
  // WeChat's own sample begins with an empty openid.
  const openids = listed.filter(isName)
  return {
    total,
    openids,
    nextOpenid: isName(next) ? next : undefined,
    oddRows: listed.length - openids.length,
  }
}

/** Undefined for a row that tells of nobody, such as `{}`. */
function toFollower(user: unknown): FollowerInfo | undefined {
  const { openid, subscribe, unionid, subscribe_time, subscribe_scene, tagid_list, remark } = isObject(user)
    ? user
    : {}
  if (!isName(openid) || (subscribe !== 0 && subscribe !== 1)) return undefined
  const follower: FollowerInfo = { openid, subscribed: subscribe === 1 }
  if (isName(unionid)) follower.unionid = unionid
  if (typeof subscribe_time === 'number') follower.subscribeTime = subscribe_time * second
  if (typeof subscribe_scene === 'string') follower.scene = subscribe_scene
  if (isNumbers(tagid_list)) follower.tagIds = tagid_list
  if (typeof remark === 'string') follower.remark = remark
  return follower
}

function toTemplateBody({ openid, templateId, data, url, miniprogram, clientMsgId }: TemplateMessage) {
  const values: Record<string, { value: string }> = {}
  for (const key in data) values[key] = { value: data[key] ?? '' }
  return {
    touser: openid,
    template_id: templateId,
    url,
    miniprogram,
    client_msg_id: clientMsgId,
    data: values,
  }
}

function toTemplate(entry: Record<string, unknown>): Template {
  const content = toText(entry.content)
  return {
    templateId: toText(entry.template_id),
    title: toText(entry.title),
    content,
    example: toText(entry.example),
    primaryIndustry: toText(entry.primary_industry),
    deputyIndustry: toText(entry.deputy_industry),
    fields: parseTemplateFields(content),
  }
}

/** Nothing for a row that tells of no message. */
function toIntercepted(row: unknown): InterceptedMessage[] {
  const { id, tmpl_msg_id, openid, title, content, send_timestamp } = isObject(row) ? row : {}
  const number = isName(id) ? Number(id) : id
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || !isName(openid)) return []
  if (typeof send_timestamp !== 'number') return []
  return [
    {
      ...{ id: number, messageId: toText(tmpl_msg_id), openid },
      ...{ title: toText(title), content: toText(content), sentAt: send_timestamp * second },
    },
  ]
}

function toQuota({ quota, rate_limit }: Record<string, unknown>): Quota {
  const { daily_limit, used, remain } = isObject(quota) ? quota : {}
  if (typeof daily_limit !== 'number' || typeof used !== 'number' || typeof remain !== 'number') {
    throw toBadBody(paths.quota, say('network.lacks', { name: 'quota' }))
  }
  const figures: Quota = { dailyLimit: daily_limit, used, remain }
  const { call_count, refresh_second } = isObject(rate_limit) ? rate_limit : {}
  if (typeof call_count === 'number' && typeof refresh_second === 'number') {
    figures.rateLimit = { callCount: call_count, refreshSeconds: refresh_second }
  }
  return figures
}

function toCallbackReach({ dns, ping }: Record<string, unknown>): CallbackReach {
  const toRows = (list: unknown) => (Array.isArray(list) ? list.filter(isObject) : [])
  return {
    addresses: toRows(dns).map(({ ip }) => toText(ip)),
    // `"5%"`; what cannot be read counts as no loss, for it says nothing.
    lossPercents: toRows(ping).map(({ package_loss: loss }) => Number.parseFloat(toText(loss)) || 0),
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}
