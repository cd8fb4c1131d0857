import { manualPause, type PauseReason } from '../push/status.ts'
import { isQuota } from './probe.ts'

/** What changed about an account; `probeAt` is epoch milliseconds, null = a person has to resume it. */
export type PauseNews =
  | { kind: 'paused'; reason: PauseReason; detail: string; probeAt: number | null }
  | { kind: 'resumed'; reason: PauseReason }
  | { kind: 'queue_full'; detail: string }

/** As the sync tells them. */
type SyncNews =
  | { kind: 'sync_failed'; status: 'interrupted' | 'stopped' | 'failed'; detail: string }
  | { kind: 'sync_complete' }

/** As broadcasts tell them. */
export type BroadcastNews =
  | { kind: 'broadcast_paused'; broadcast: string; name: string | null; reason: string; detail: string }
  | {
      kind: 'broadcast_finished'
      broadcast: string
      name: string | null
      selected: number
      /** By WeChat, whatever its receipts say. */
      accepted: number
    }

export type AccountNews = PauseNews | SyncNews | BroadcastNews

const syncEndings = {
  interrupted: '中断，下次同步会从中断处继续',
  stopped: '停止：微信返回的关注者列表不可信，没有据此取消任何人的关注状态',
  failed: '失败，下次同步会重试',
} as const

/** WeCom's robots take 2,048 bytes. */
const longestDetail = 300

/** For the people in the group; the names of console pages are those the console shows. */
const causes: Partial<Record<PauseReason, [what: string, todo: string]>> = {
  credentials_invalid: [
    'AppID 或 AppSecret 不正确',
    '核对 WECHAT_APPID、WECHAT_SECRET 与「微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发密钥」（原「设置与开发 > 基本配置」）是否一致，改好后重启 worker',
  ],
  token_invalid: [
    'access_token 反复失效',
    '检查是否有其他程序在强制刷新 access_token（应统一用 stable_token 普通模式），以及 WECHAT_APPID、WECHAT_SECRET 是否属于这个服务号',
  ],
  ip_not_allowed: [
    '服务器 IP 不在白名单',
    '在「微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发信息 > IP白名单」（原「设置与开发 > 基本配置 > IP白名单」）中加入该 IP',
  ],
  account_restricted: ['账号被限制或封禁', '在微信开发者平台或 mp.weixin.qq.com 的通知中心查看原因并申诉'],
  api_unauthorized: ['账号没有该接口的权限', '确认账号是已认证的服务号，并且用的是服务号自己的 AppID'],
  quota_exhausted: [
    '接口调用额度已用完',
    '无需处理；额度在北京时间 0 点恢复，也可在「微信开发者平台 > 我的业务 > 服务号 > 接口管理 > 接口权限与额度」（原公众平台）查看或申请提高额度',
  ],
  [manualPause]: ['人工暂停', '需要恢复时运行 unionpush resume'],
}

export function toAlertText(account: string, news: AccountNews): string {
  if (news.kind === 'queue_full') {
    return `【unionpush】服务号 ${account} 的推送队列已满\n详情：${toShort(news.detail)}\n处理：调大 Redis 的 maxmemory；队列里的推送仍在继续发送，腾出空间后自动恢复接收`
  }
  if (news.kind === 'sync_complete') return `【unionpush】服务号 ${account} 的关注者同步已恢复正常`
  if (news.kind === 'sync_failed') {
    return [
      `【unionpush】服务号 ${account} 的关注者同步${syncEndings[news.status]}`,
      `详情：${toShort(news.detail)}`,
      '处理：运行 unionpush sync 查看；在此之前新关注的用户可能收不到推送。情况不变时不再重复提醒',
    ].join('\n')
  }
  if (news.kind === 'broadcast_paused') {
    return [
      `【unionpush】服务号 ${account} 的群发 ${toTitle(news)} 已自动暂停`,
      `原因：${pauses[news.reason] ?? news.reason}`,
      `详情：${toShort(news.detail)}`,
      `处理：查看 unionpush broadcast show ${news.broadcast}；继续用 unionpush broadcast resume ${news.broadcast}`,
    ].join('\n')
  }
  if (news.kind === 'broadcast_finished') {
    return `【unionpush】服务号 ${account} 的群发 ${toTitle(news)} 已结束：共 ${news.selected} 人，微信接受 ${news.accepted} 人`
  }
  const [what, todo] = causes[news.reason] ?? ['微信拒绝了这个账号的请求', '根据详情处理']
  if (news.kind === 'resumed')
    return `【unionpush】服务号 ${account} 已恢复发送\n此前暂停的原因：${what}（${news.reason}）`
  const { reason, detail, probeAt } = news
  return [
    `【unionpush】服务号 ${account} 已暂停发送`,
    `原因：${what}（${reason}）`,
    `详情：${toShort(detail)}`,
    `处理：${todo}`,
    probeAt === null
      ? '不会自动恢复；推送都保留在队列里'
      : `下次检查：${toBeijingTime(probeAt)}（北京时间），${isQuota(reason) ? '有新额度' : '问题解决'}后自动继续；推送都保留在队列里`,
  ].join('\n')
}

const pauses: Record<string, string> = {
  failures: '失败过多（failures）',
  quota: '今天的额度只剩给单条推送预留的部分（quota），0 点后自动继续',
}

function toTitle({ broadcast, name }: { broadcast: string; name: string | null }): string {
  return name === null ? broadcast : `「${name}」（${broadcast}）`
}

/** The numbers that people search for stand at the end. */
function toShort(detail: string): string {
  return detail.length <= longestDetail
    ? detail
    : `${detail.slice(0, longestDetail - 80)}…${detail.slice(-79)}`
}

function toBeijingTime(time: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Asia/Shanghai',
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return format.format(new Date(time))
}
