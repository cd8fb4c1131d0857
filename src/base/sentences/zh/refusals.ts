/** 微信拒绝的含义（按 errcode，或按这类错误的原因），以及到哪里改。 */
export const zhRefusals = {
  'app.account': '服务号',
  'app.miniprogram': '小程序',
  'refusal.thisMachine': '（本机出口）',
  'refusal.noAnswer': ['微信没有给出可用的应答：{why}', '检查网络、代理设置和 WECHAT_API_BASE'],
  'refusal.other': ['微信拒绝了请求：{meaning}', '用这些信息去搜：{numbers}，{errmsg}'],
  'errcode.40013': [
    '微信不认识这个 AppID（{numbers}）',
    '与 微信开发者平台 > 我的业务 > {app} > 基础信息 核对；服务号和小程序的 AppID 不是同一个',
  ],
  'errcode.40243': [
    'AppSecret 已被冻结（{numbers}）',
    '到 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发密钥 解冻，10 分钟后生效',
  ],
  'errcode.89501': ['IP {ip} 正在等管理员确认（{numbers}）', '请账号管理员在手机上确认，然后重试'],
  'errcode.89503': ['IP {ip} 需要管理员确认（{numbers}）', '微信已给管理员的手机发了确认请求，确认后重试'],
  'errcode.89506': [
    '管理员两次拒绝了 IP {ip}，微信 24 小时内不再受理（{numbers}）',
    '先与管理员说好，再等时间过去',
  ],
  'errcode.89507': [
    '管理员拒绝了 IP {ip}，微信 1 小时内不再受理（{numbers}）',
    '先与管理员说好，再等时间过去',
  ],
  'errcode.48001': [
    '账号没有这个接口的权限（{numbers}）',
    '需要已认证的服务号，并且用服务号自己的 AppID，不是小程序的；见 接口管理 > 接口权限与额度',
  ],
  'refusal.credentials_invalid': [
    'AppSecret 不对、被重置过，或不是这个应用的（{numbers}）',
    '与 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发密钥（旧入口：设置与开发 > 基本配置）核对 AppID 和 AppSecret；重置后只有新密钥能用',
  ],
  'refusal.ip_not_allowed': [
    'IP {ip} 不在 IP白名单里（{numbers}）',
    '加到 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发信息 > IP白名单（旧入口：设置与开发 > 基本配置 > IP白名单），5 到 10 分钟后生效',
  ],
  'refusal.token_invalid': [
    '刚发放的 access_token 微信就不承认（{numbers}）',
    '有别的程序用同一个 AppSecret 强制刷新（force_refresh）：找到并停掉它',
  ],
  'refusal.account_restricted': [
    '账号被微信限制：{errmsg}（{numbers}）',
    '看通知并申诉：微信开发者平台 或 mp.weixin.qq.com > 通知中心',
  ],
  'refusal.api_unauthorized': [
    '账号不能用这个接口：{errmsg}（{numbers}）',
    '看 微信开发者平台 > 我的业务 > {app} > 接口管理 > 接口权限与额度',
  ],
  'refusal.quota_exhausted': [
    '这个接口今天的额度用完了（{numbers}）',
    '北京时间零点重置；见 接口管理 > 接口权限与额度',
  ],
  'refusal.busy': ['微信系统繁忙（{numbers}）', '过一分钟再试'],
  'refusal.rate_limited': ['这一分钟调用太多（{numbers}）', '过一分钟再试'],
} as const
