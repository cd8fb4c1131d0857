import { expect, test } from 'vitest'
import { enDetails } from '../../src/base/sentences/en/details.ts'
import { enErrcodes } from '../../src/base/sentences/en/errcodes.ts'
import { render } from '../../src/base/sentences/render.ts'
import { isSentenceKey, type Sentence, say } from '../../src/base/sentences/sentence.ts'
import { explainedStatuses, type PushReason, pushReasons } from '../../src/push/status.ts'
import { decide } from '../../src/sending/processor/outcome.ts'
import { findOnePushMeaning } from '../../src/wechat/errcode.ts'
import { errcodes } from '../../src/wechat/errcodes/table.ts'
import { WechatApiError, WechatNetworkError } from '../../src/wechat/errors.ts'

const path = '/cgi-bin/message/template/send'
const rid = '61725984-6126f6f9-040f19c4'
const attempt = {
  attempts: 8,
  maxAttempts: 8,
  starts: 8,
  isUnclear: false,
  lastErrcode: null,
  isBelieved: false,
  othersPass: true,
  concerns: 'account',
  isTrial: false,
  opensMiniprogram: true,
  hasLostTemplate: false,
} as const

/** What each documented code, and one that is not, makes of a push in its last try. */
const refused = [...errcodes.keys(), 99_999].flatMap((errcode) => {
  const error = new WechatApiError({ errcode, errmsg: `坏了 rid: ${rid}`, path })
  return [
    decide(error, attempt, 0),
    decide(error, { ...attempt, concerns: 'push' }, 0),
    decide(error, { ...attempt, isUnclear: true }, 0),
  ]
})
const unanswered = new WechatNetworkError({
  kind: 'reset',
  path,
  detail: say('network.broke', { cause: 'ECONNRESET' }),
  maybeReceived: true,
})
const decided = [...refused, decide(unanswered, attempt, 0)].map((outcome) => ({
  reason: outcome.kind === 'sent' ? outcome.accepted.reason : 'reason' in outcome ? outcome.reason : null,
  detail: outcome.detail,
}))

/** How a push ends that is not refused; each reason has to have a sentence here. */
const left = say('outcome.left')
const others = {
  user_block: [say('receipt.user_block')],
  system_failed: [say('receipt.system_failed')],
  freq_limit: [say('receipt.freq_limit')],
  other: [say('receipt.other', { status: 'failed: x' })],
  invalid_job: [say('outcome.invalid_job', { problem: say('outcome.unreadable') })],
  internal_error: [
    say('outcome.workers_died', { times: 11 }),
    say('outcome.threw', { times: 10, error: 'EIO' }),
  ],
  not_following: [left, say('outcome.unionid_unknown'), say('outcome.unionid_unknown_yet', { count: 3 })],
  unionid_pending: [say('outcome.unionid_shared'), say('outcome.unionid_pending')],
  handed_over: [say('outcome.handed_over', { why: left, next: 'wx2' })],
  expired: [say('outcome.expired'), say('outcome.never_followed'), say('outcome.broadcast_over')],
  cancelled: [say('outcome.taken_back'), say('outcome.broadcast_cancelled')],
  duplicate: [say('outcome.same_person')],
  capped: [
    say('outcome.capped', { most: 3, span: say('span.days', { count: 1 }) }),
    say('outcome.capped_template', { most: 3, span: say('span.hours', { count: 5 }) }),
  ],
  quiet: [say('outcome.quiet'), say('outcome.quiet_until', { until: '08:00' })],
  session_unknown: [say('outcome.session_unknown')],
  unionid_unknown: [say('outcome.unionid_untold')],
  ambiguous: [
    say('outcome.too_old'),
    say('outcome.job_gone'),
    say('outcome.process_ended'),
    say('outcome.may_be_accepted', { why: left }),
  ],
  retries_exhausted: [say('outcome.tries_failed', { attempts: 8 })],
  data_invalid: [say('outcome.data_missing', { missing: '3', fields: '3' })],
} satisfies Partial<Record<PushReason, Sentence[]>>

/** What is the same in every language: names of settings, fields, commands and protocols, and what WeChat calls its things. */
const names =
  /`[^`]+`|[A-Z][A-Z_]{2,}|\b(?:data|miniprogram)\.\w+|urgent: true|--force|(?:mp|open)\.weixin\.qq\.com|hmac_sha256|failed: x|wx2|\b(?:unionid|openid|errcode|rid|access_token|refresh_token|session_key|grant_type|code|url|webhook|worker|unionpush|resume|AppID|AppSecret|IP|ID|UTF-8|WeChat)\b/g
/** As the consoles show them. */
const pages =
  /微信开发者平台|我的业务|服务号|小程序管理|小程序|基础信息|开发密钥|开发信息|设置与开发|基本配置|IP白名单|接口管理|接口权限与额度|接口权限|绑定关系|开放平台|管理中心|公众账号|通知中心|开发管理|开发设置|用户管理|黑名单|广告与服务|模板消息|类目模板库|认证|第三方平台|坏了/g

function findForeign(sentence: Sentence): string[] {
  const chinese = render(sentence, 'zh').seen.replace(names, '').replaceAll(rid, '')
  const english = render(sentence, 'en').seen.replace(pages, '')
  return [
    ...(/[A-Za-z]{2,}/.test(chinese) ? [chinese] : []),
    ...(/[\p{Script=Han}，。；：（）]/u.test(english) ? [english] : []),
  ]
}

test('every reason a push can end with has a sentence', () => {
  const known = new Set<string | null>([...Object.keys(others), ...decided.map(({ reason }) => reason)])
  const all = [...explainedStatuses.flatMap((status) => pushReasons[status]), ...pushReasons.sent]
  expect(all.filter((reason: string) => !known.has(reason))).toEqual([])
})

test('each of them is in English or in Chinese, and in nothing between', () => {
  const sentences = [...Object.values(others).flat(), ...decided.map(({ detail }) => detail)]
  expect(sentences.length).toBeGreaterThan(400)
  expect(sentences.flatMap(findForeign)).toEqual([])
})

test('what WeChat means by a code in other places is too, and so is all else that records keep', () => {
  const facts = new Proxy({}, { get: () => '3' })
  const sentences = Object.keys({ ...enDetails, ...enErrcodes }).flatMap((key) =>
    isSentenceKey(key) ? [{ key, facts }] : [],
  )
  expect(sentences.length).toBeGreaterThan(180)
  expect(sentences.flatMap(findForeign)).toEqual([])
})

test('a refusal of one push alone is told as such', () => {
  const refusal = { errcode: 50002, errmsg: 'x', path, rid }
  const meaning = findOnePushMeaning(refusal, false)?.detail
  expect(meaning && render(meaning, 'zh').seen).toBe(
    `该用户的微信号被限制或冻结（errcode 50002, rid ${rid}）`,
  )
})
