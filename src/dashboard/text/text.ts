import type { AccountReason, PushReason, PushStatus } from '../../push/status.ts'
import { language } from '../state.ts'
import { frameTexts } from './frame.ts'
import { viewTexts } from './views.ts'

type Text = readonly [english: string, chinese: string]

/** What the program's own words mean, in English and Chinese, and what to do about a reason. */
const wordTexts = {
  'status.queued': ['waiting', '等待中'],
  'status.sending': ['being sent', '发送中'],
  'status.sent': ['sent', '已发出'],
  'status.delivered': ['delivered', '已送达'],
  'status.undelivered': ['not delivered', '未送达'],
  'status.rejected': ['refused', '被拒绝'],
  'status.skipped': ['skipped', '已跳过'],
  'status.unknown': ['unclear', '不确定'],
  'status.selected': ['chosen', '选中'],
  'status.waiting': ['waiting', '等待中'],
  'status.running': ['running', '运行中'],
  'status.passed': ['passed', '已通过'],
  'status.paused': ['paused', '已暂停'],
  'status.scheduled': ['scheduled', '待开始'],
  'status.finished': ['finished', '已完成'],
  'status.cancelled': ['cancelled', '已取消'],
  'status.complete': ['complete', '已完成'],
  'status.interrupted': ['interrupted', '中断'],
  'status.stopped': ['stopped', '已停止'],
  'status.ok': ['well', '正常'],
  'status.warn': ['take note', '注意'],
  'status.fail': ['fault', '有问题'],
  'reason.hold': ['held until the user follows', '等用户关注'],
  'reason.retry': ['waits for another try', '等待重试'],
  'reason.paused': ['account paused', '账号已暂停'],
  'reason.in_review': ['WeChat reviews the content', '微信审核中'],
  'reason.already_sent': ['sent by an earlier try', '之前已发出'],
  'reason.user_block': ['the user blocks messages', '用户拒收'],
  'reason.system_failed': ['WeChat failed to deliver', '微信系统失败'],
  'reason.freq_limit': ['too many messages to this user', '给该用户发得太频繁'],
  'reason.other': ['other receipt', '其他回执'],
  'reason.recipient_invalid': ['recipient not valid', '接收者无效'],
  'reason.recipient_blocked': ['recipient refuses messages', '用户不接收消息'],
  'reason.recipient_limit': ['recipient has too many messages', '用户收到的消息过多'],
  'reason.template_invalid': ['template not valid', '模板无效'],
  'reason.data_invalid': ['content breaks a rule of the template', '内容不符合模板规则'],
  'reason.url_invalid': ['link not valid', '链接无效'],
  'reason.miniprogram_invalid': ['mini-program not valid', '小程序无效'],
  'reason.content_forbidden': ['content forbidden', '内容违规'],
  'reason.request_invalid': ['request not valid', '请求有误'],
  'reason.operation_refused': ['operation refused', '操作被拒'],
  'reason.login_failed': ['login failed', '登录失败'],
  'reason.wechat_error': ['WeChat error', '微信报错'],
  'reason.retries_exhausted': ['tried too often', '重试用尽'],
  'reason.invalid_job': ['not a push', '不是推送'],
  'reason.internal_error': ['unionpush failed', 'unionpush 内部错误'],
  'reason.not_following': ['does not follow', '未关注'],
  'reason.unionid_pending': ['unionid not known yet', 'unionid 待确认'],
  'reason.handed_over': ['handed over to another account', '交给了另一个账号'],
  'reason.expired': ['expired', '已过期'],
  'reason.cancelled': ['cancelled', '已取消'],
  'reason.session_unknown': ['session unknown', '会话失效'],
  'reason.capped': ['has as many messages as allowed', '已达到条数上限'],
  'reason.quiet': ['quiet hours', '免打扰时段'],
  'reason.duplicate': ['the same person twice', '同一个人重复'],
  'reason.unionid_unknown': ['unionid unknown', '没有 unionid'],
  'reason.ambiguous': ['no answer', '没有应答'],
  'reason.manual': ['paused by hand', '人工暂停'],
  'reason.failures': ['too many failures', '失败过多'],
  'reason.canary': ['the canary is out', '灰度观察中'],
  'reason.quota': ['quota used up', '配额用完'],
  'reason.window': ['outside of its hours', '不在发送时段'],
  'reason.credentials_invalid': ['AppID or AppSecret wrong', 'AppID 或 AppSecret 有误'],
  'reason.token_invalid': ['access token refused', 'access_token 被拒'],
  'reason.ip_not_allowed': ['IP not in the whitelist', 'IP 不在白名单'],
  'reason.quota_exhausted': ['quota of the day used up', '当日配额用完'],
  'reason.account_restricted': ['account restricted', '账号被限制'],
  'reason.api_unauthorized': ['no permission for this API', '没有接口权限'],
  'todo.not_following': [
    'Ask the user to follow the service account. If they do follow: sync the followers, and check that both are bound to the same Open Platform account.',
    '请用户关注服务号。如果确实关注了：同步一次粉丝，并确认小程序和服务号绑定在同一个开放平台账号下。',
  ],
  'todo.unionid_pending': [
    'Push again later under a new id, or with hold.',
    '过一会儿换一个新的 id 再推送，或带上 hold。',
  ],
  'todo.user_block': [
    'Only the user can change this: messages are refused in their settings of the service account.',
    '只能由用户自己在服务号的设置里重新允许接收消息。',
  ],
  'todo.recipient_blocked': [
    'Look whether the user is in the blacklist; else only the user can change it.',
    '看看用户是否在黑名单里；不在的话，只能由用户自己打开。',
  ],
  'todo.recipient_invalid': [
    'Push by unionid; openids of the mini-program do not work.',
    '请用 unionid 推送；小程序的 openid 不能用。',
  ],
  'todo.recipient_limit': ['Send less to this user.', '少给这个用户发。'],
  'todo.freq_limit': ['Send again later, and less to this user.', '过一会儿重发，平时少给这个用户发。'],
  'todo.template_invalid': [
    'Choose a template of this account: see Templates.',
    '换成这个账号下的模板，见“模板”页。',
  ],
  'todo.data_invalid': [
    'Correct the value that is named, and push again under a new id.',
    '改正所指的内容，换一个新的 id 再推送。',
  ],
  'todo.url_invalid': ['Use another link.', '换一个链接。'],
  'todo.miniprogram_invalid': [
    'Link the mini-program to the service account, and check that the page is in the released version.',
    '把小程序关联到服务号，并确认页面在已发布的版本里。',
  ],
  'todo.content_forbidden': ['Change the text, or take another template.', '修改文案，或换一个模板。'],
  'todo.system_failed': ['Send it again.', '重发即可。'],
  'todo.other': ['WeChat says no more; it can be sent again.', '微信没有说明更多；可以重发。'],
  'todo.wechat_error': [
    'Look up the errcode; the rid is for WeChat.',
    '查 errcode 的含义；凭 rid 可问微信。',
  ],
  'todo.internal_error': ['Report it, with the log of the worker.', '请连同 worker 的日志一起反馈。'],
  'todo.session_unknown': ['Let the user log in again, then push.', '请用户重新登录小程序，再推送。'],
  'todo.sent': ['If receipts never come, see Doctor.', '一直没有回执的话，到“体检”看看回调。'],
  'todo.retries_exhausted': ['Send it again when the reason has passed.', '等原因消除后重发。'],
  'todo.ambiguous': [
    'Ask the user whether it arrived before you send it again.',
    '先问用户收到没有，再决定要不要重发。',
  ],
  'todo.expired': ['If it is still needed, push under a new id.', '如果还需要，换一个新的 id 再推送。'],
  'todo.in_review': [
    'Wait about half an hour: WeChat delivers or drops it by itself.',
    '等大约半小时：通过与否都由微信自行处理。',
  ],
  'todo.hold': ['Nothing: it goes out once the user follows.', '不用处理：用户关注后会自动发出。'],
  'todo.retry': ['Nothing: it tries again by itself.', '不用处理：会自动重试。'],
  'todo.capped': [
    'Nothing, if that is what PUSH_CAP is for; else raise it.',
    '如果正是想要的限制就不用处理，否则调高 PUSH_CAP。',
  ],
  'todo.paused': ['See Overview for why the account is paused.', '账号为什么暂停，见“概览”。'],
} as const satisfies Record<`status.${PushStatus}` | `reason.${PushReason | AccountReason}`, Text> &
  Record<string, Text>

const texts = { ...frameTexts, ...viewTexts, ...wordTexts }
export type TextKey = keyof typeof texts

/** The words of the page in the reader's language; `one|many` is chosen by `n`. */
export function t(key: TextKey, facts: Record<string, string | number> = {}): string {
  const [english, chinese] = texts[key]
  const text = language.value === 'zh' ? chinese : english
  const [one = '', many = one] = text.split('|')
  return (facts.n === 1 ? one : many).replace(/\{(\w+)\}/g, (_, name: string) => {
    const fact = facts[name]
    return typeof fact === 'number' ? toNumber(fact) : (fact ?? '')
  })
}

/** Words that come from the server, such as statuses and reasons: those that are not known here stay as they are. */
export function tWord(room: 'status' | 'reason' | 'connection' | 'role', word: string): string {
  const key = `${room}.${word}`
  return isTextKey(key) ? t(key) : word
}

export function isTextKey(key: string): key is TextKey {
  return key in texts
}

export function toNumber(count: number): string {
  return count.toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { maximumFractionDigits: 1 })
}

const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB')

/** With the day unless it is today. */
export function toTime(iso: string, withSeconds = false): string {
  const date = new Date(iso)
  const isToday = date.toDateString() === new Date().toDateString()
  return date.toLocaleString(locale(), {
    ...(!isToday && { year: 'numeric', month: '2-digit', day: '2-digit' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds && { second: '2-digit' }),
    hour12: false,
  })
}

export function toLength(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 1) return t('time.instant')
  if (seconds < 60) return t('time.seconds', { n: seconds })
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return t('time.minutes', { n: minutes })
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return t('time.hours', { n: hours, m: minutes % 60 })
  return t('time.days', { n: Math.floor(hours / 24) })
}

export function toAgo(iso: string): string {
  return t('time.ago', { length: toLength(Date.now() - Date.parse(iso)) })
}
