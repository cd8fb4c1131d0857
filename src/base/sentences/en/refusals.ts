/** What WeChat's no means, by errcode or by what such codes are about, and where to set it right. */
export const enRefusals = {
  'app.account': '服务号',
  'app.miniprogram': '小程序',
  'refusal.thisMachine': 'of this machine',
  'refusal.noAnswer': [
    'WeChat gave no usable answer: {why}',
    'Check the network, the proxy settings and WECHAT_API_BASE',
  ],
  'refusal.other': ['{meaning}', 'Search for the code: {numbers}, {errmsg}'],
  'errcode.40013': [
    'WeChat knows no such AppID ({numbers})',
    'Compare it with 微信开发者平台 > 我的业务 > {app} > 基础信息; the AppID of a service account is another one than that of its mini-program',
  ],
  'errcode.40243': [
    'the AppSecret is frozen ({numbers})',
    'Unfreeze it, which takes 10 minutes: 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发密钥',
  ],
  'errcode.89501': [
    'the IP {ip} still waits to be approved ({numbers})',
    'The administrator of the account has to confirm the request on their phone, then try again',
  ],
  'errcode.89503': [
    'the IP {ip} has to be approved by the administrator of the account ({numbers})',
    'WeChat has sent them a request on their phone; once it is confirmed, try again',
  ],
  'errcode.89506': [
    'the administrator refused the IP {ip} twice: WeChat blocks it for 24 hours ({numbers})',
    'Agree with the administrator, and wait',
  ],
  'errcode.89507': [
    'the administrator refused the IP {ip}: WeChat blocks it for one hour ({numbers})',
    'Agree with the administrator, and wait',
  ],
  'errcode.48001': [
    'this account may not call this API ({numbers})',
    'It takes a verified (认证) service account (服务号), with its own AppID rather than that of the mini-program; see 接口管理 > 接口权限与额度',
  ],
  'refusal.credentials_invalid': [
    'the AppSecret is wrong, was reset, or belongs to another app ({numbers})',
    'Compare AppID and AppSecret with 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发密钥 (formerly 设置与开发 > 基本配置); after a reset only the new secret works',
  ],
  'refusal.ip_not_allowed': [
    'the IP {ip} is not in the whitelist ({numbers})',
    'Add it under 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发信息 > IP白名单 (formerly 设置与开发 > 基本配置 > IP白名单); it works after 5 to 10 minutes',
  ],
  'refusal.token_invalid': [
    'WeChat refuses the access_token it has just handed out ({numbers})',
    'Another program that uses this AppSecret refreshes it by force (force_refresh): find it and stop it',
  ],
  'refusal.account_restricted': [
    'WeChat restricts this account: {errmsg} ({numbers})',
    'Read the notice and appeal: 微信开发者平台 or mp.weixin.qq.com > 通知中心',
  ],
  'refusal.api_unauthorized': [
    'the account may not use this API: {errmsg} ({numbers})',
    'See 微信开发者平台 > 我的业务 > {app} > 接口管理 > 接口权限与额度',
  ],
  'refusal.quota_exhausted': [
    'the daily quota of this API is used up ({numbers})',
    'There is a new one at 00:00 in Shanghai; 接口管理 > 接口权限与额度 shows it',
  ],
  'refusal.busy': ['WeChat is busy ({numbers})', 'Try again in a minute'],
  'refusal.rate_limited': ['too many calls in this minute ({numbers})', 'Try again in a minute'],
} as const
