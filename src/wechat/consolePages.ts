/**
 * Where a person finds a setting, as the consoles name it. Since July 2026 a developer's settings of service accounts are at
 * 微信开发者平台; who has not been moved finds them at the old place.
 */
const account = '微信开发者平台 > 我的业务 > 服务号'
const miniProgram = '微信开发者平台 > 我的业务 > 小程序'

export const consolePages = {
  secret: `${account} > 基础信息 > 开发密钥 (formerly 设置与开发 > 基本配置)`,
  whitelist: `${account} > 基础信息 > 开发信息 > IP白名单 (formerly 设置与开发 > 基本配置 > IP白名单)`,
  quota: `${account} > 接口管理 > 接口权限与额度 (formerly 设置与开发 > 接口权限)`,
  bindings: `${account} > 绑定关系 (formerly 设置与开发 > 小程序管理)`,
  openPlatform: `${account} > 绑定关系 > 开放平台 (formerly open.weixin.qq.com > 管理中心 > 公众账号)`,
  notices: '微信开发者平台 or mp.weixin.qq.com > 通知中心',
  miniProgram: `${miniProgram} (formerly 开发管理 > 开发设置)`,
} as const
