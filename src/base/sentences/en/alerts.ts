/** What a group robot tells: what happened, why, and what to do. */
export const enAlerts = {
  'alert.paused': [
    'service account {account} is paused\nWhy: {what} ({reason})\nDetail: {detail}',
    '{todo}\n{next}',
  ],
  'alert.resumed': 'service account {account} sends again\nIt was paused because: {what} ({reason})',
  'alert.templatePaused': [
    'service account {account}: the pushes of template {template} wait, all others go on\nDetail: {detail}',
    'push with another template, or get this one back. Looked at again from {at} (Beijing time), then ever less often; unionpush resume --template {template} tries at once',
  ],
  'alert.templateResumed': 'service account {account} sends template {template} again',
  'alert.nextByHand': 'It does not resume by itself; all pushes stay in the queue',
  'alert.nextProbe':
    'Next look: {at} (Beijing time); it goes on by itself once the cause is gone. All pushes stay in the queue',
  'alert.nextQuota':
    'Next look: {at} (Beijing time); it goes on by itself once there is quota again. All pushes stay in the queue',
  'alert.queueFull': [
    'the push queue of service account {account} is full\nDetail: {detail}',
    'raise maxmemory of Redis; what is queued goes on being sent, and there is room again by itself',
  ],
  'alert.webhookOff': [
    'WEBHOOK_URL has taken nothing for three days, so webhooks are switched off\nDetail: {detail}',
    'repair the receiver, then run unionpush webhooks enable; all outcomes are kept and go out in their order',
  ],
  'alert.syncComplete': 'the follower sync of service account {account} works again',
  'alert.syncFailed': [
    'the follower sync of service account {account} {ending}\nDetail: {detail}',
    'run unionpush sync to see; until then, users who followed since may get nothing. Not told again while it stays like this',
  ],
  'alert.sync.interrupted': 'was interrupted; the next one goes on where it stopped',
  'alert.sync.stopped':
    'stopped: the list that WeChat gave cannot be trusted, and nobody was dropped because of it',
  'alert.sync.failed': 'failed; the next one tries again',
  'alert.broadcastPaused': [
    'broadcast {title} of service account {account} paused by itself\nWhy: {why}\nDetail: {detail}',
    'look with unionpush broadcast show {id}; go on with unionpush broadcast resume {id}',
  ],
  'alert.broadcastFinished':
    'broadcast {title} of service account {account} has ended: {selected} {selected:person|people}, {accepted} accepted by WeChat',
  'alert.title': '"{name}" ({id})',
  'alert.pause.failures': 'too many failures (failures)',
  'alert.pause.quota':
    "all that is left of today's quota is kept for single pushes (quota); it goes on by itself after midnight in Beijing",
  'alert.cause.credentials_invalid': [
    'the AppID or AppSecret is wrong',
    'compare AppID and AppSecret (WECHAT_APPID and WECHAT_SECRET, or those in ACCOUNTS_FILE) with 微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发密钥 (formerly 设置与开发 > 基本配置), then restart the worker',
  ],
  'alert.cause.token_invalid': [
    'WeChat refuses every access_token it hands out',
    'find the other program that refreshes the access_token by force (all should use stable_token in normal mode), and see whether AppID and AppSecret (WECHAT_APPID and WECHAT_SECRET, or those in ACCOUNTS_FILE) are of this account',
  ],
  'alert.cause.ip_not_allowed': [
    'the IP of this server is not in the whitelist',
    'add it under 微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发信息 > IP白名单 (formerly 设置与开发 > 基本配置 > IP白名单)',
  ],
  'alert.cause.account_restricted': [
    'the account is restricted or banned',
    'read the notice on 微信开发者平台 or mp.weixin.qq.com, and appeal there',
  ],
  'alert.cause.api_unauthorized': [
    'the account may not use this API',
    'it has to be a verified service account, called with its own AppID',
  ],
  'alert.cause.quota_exhausted': [
    "today's quota is used up",
    'nothing to do: it is reset at midnight in Beijing. See, or ask for more, under 微信开发者平台 > 我的业务 > 服务号 > 接口管理 > 接口权限与额度',
  ],
  'alert.cause.manual': ['somebody paused it', 'run unionpush resume when it is to go on'],
  'alert.cause.other': ['WeChat refuses the requests of this account', 'see the detail'],
  'alert.todo': 'What to do: {todo}',
} as const
