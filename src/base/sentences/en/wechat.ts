/** Of the way to WeChat, the access_token and what the account may do. */
export const enWechat = {
  'wechat.ok': '{base} answers',
  'wechat.unreachable': [
    '{base} cannot be reached: {why}',
    'Check network, DNS, firewall and the proxy settings of this machine',
  ],
  'wechat.odd': [
    '{base} does not answer as WeChat does (HTTP {status})',
    'Check WECHAT_API_BASE, and what answers on the way (the check named proxy)',
  ],
  'fallback.none': [
    'WECHAT_API_BASE has one base URL: there is nowhere to go when it cannot be reached',
    'Leave WECHAT_API_BASE unset, or add https://api2.weixin.qq.com behind a comma',
  ],
  'fallback.ok': '{bases} answers',
  'fallback.unreachable': [
    '{base} gives no usable answer: there is nowhere to go when the first base URL fails',
    'Let the firewall pass it, or take it out of WECHAT_API_BASE',
  ],
  'apiBase.ok': 'all base URLs are those of WeChat',
  'apiBase.plain': [
    '{base} is reached without TLS: AppSecret and access_token can be read on the way',
    'Only for a simulator on this machine; for WeChat itself write https://',
  ],
  'apiBase.foreign': [
    '{base} is not a host of WeChat',
    'Make sure that it is yours: it sees AppSecret and access_token',
  ],
  'proxy.none': 'WeChat is reached directly',
  'proxy.ok': 'WeChat is reached by the proxy {proxy}',
  'proxy.page': [
    'the proxy {proxy} answers in place of {base} with a page of its own (HTTP {status}): {page}',
    'Let it pass the hosts of WeChat (it may ask for a login, or block them), or set NO_PROXY=.weixin.qq.com',
  ],
  'proxy.pageWithoutProxy': [
    'something answers in place of {base} with a page of its own (HTTP {status}): {page}',
    'Look for a gateway, a captive portal or a wrong DNS entry on the way',
  ],
  'clock.ok': 'within {seconds} s of that of WeChat',
  'clock.slow': [
    'the clock of this machine is {seconds} s slow',
    'Switch on time synchronisation: timedatectl set-ntp true, or chrony',
  ],
  'clock.fast': [
    'the clock of this machine is {seconds} s fast',
    'Switch on time synchronisation: timedatectl set-ntp true, or chrony',
  ],
  'clock.unknown': 'nothing told the time of WeChat',
  'timezone.ok': '{timezone}, where it is {time}',
  'timezone.elsewhere': [
    '{timezone}, where it is {time}: SYNC_CRON (syncCron in ACCOUNTS_FILE) is in that time, while the quotas of WeChat begin anew at 00:00 in Shanghai',
    'Set TIMEZONE=Asia/Shanghai unless that is what you want',
  ],
  'webhook.none': 'WEBHOOK_URL is not set: outcomes are posted nowhere',
  'webhook.noDatabase': 'what was not taken is in the database, which cannot be opened',
  'webhook.ok': '{host} has taken everything',
  'webhook.failing': [
    '{host} has not taken {count} {count:message|messages}, such as: {why}',
    'See unionpush webhooks list; try WEBHOOK_URL with unionpush webhooks test',
  ],
  'webhook.off': [
    '{host} is switched off since {since}: {why}',
    'Repair the receiver, then run unionpush webhooks enable: everything is kept',
  ],
  'alertUrl.none': [
    'ALERT_WEBHOOK_URL is not set: nobody is told when sending stops',
    'Give it the URL of a group robot of WeCom (企业微信)',
  ],
  'alertUrl.ok': '{host} answers',
  'alertUrl.plain': [
    '{host} is reached without TLS: the key in the URL can be read on the way',
    'Write https://',
  ],
  'alertUrl.notFound': ['{host} says 404', 'Check the path of ALERT_WEBHOOK_URL'],
  'alertUrl.unreachable': [
    '{host} cannot be reached: {why}',
    'Check ALERT_WEBHOOK_URL, the firewall and the proxy settings',
  ],

  'token.ok': 'WeChat handed one out and took it',
  'ip.ok': 'WeChat takes calls from this machine',
  'ip.notListed': [
    'WeChat sees this machine as {ip}, which is not in the whitelist ({numbers})',
    'Add {ip} under 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发信息 > IP白名单 (formerly 设置与开发 > 基本配置 > IP白名单); it works after 5 to 10 minutes. With a changing address, go out by a fixed one',
  ],
  'tokenConflict.ok': 'the stored access_token is still the current one',
  'tokenConflict.nothingStored': 'no access_token is stored yet',
  'tokenConflict.tooOld': 'the stored access_token is at its end, so WeChat may have replaced it by itself',
  'tokenConflict.replaced': [
    'WeChat has replaced the stored access_token {minutes} min before its end: another program refreshes it by force (force_refresh), or the AppSecret was reset',
    'Find the other program that uses this AppSecret, and let it ask stable_token without force_refresh',
  ],
  'tokenConflict.refused': [
    'WeChat refuses an access_token right after handing it out ({numbers}): another program refreshes it by force (force_refresh)',
    'Find the other program that uses the AppSecret of this {app}, and let it ask stable_token without force_refresh',
  ],
  'miniprogram.none': 'no mini-program is set',
  'miniprogram.ok': 'WeChat takes AppID and AppSecret of {appid}',
  'miniprogram.same': [
    'the AppID of the mini-program (WECHAT_MINIPROGRAM_APPID, or miniprogram.appid in ACCOUNTS_FILE) is that of the service account ({appid})',
    'Mini-program and service account have an AppID each: take the one under 微信开发者平台 > 我的业务 > 小程序',
  ],
  'api.templates': 'list of templates',
  'api.followers': 'list of followers',
  'api.quota': 'quotas',
  'permissions.ok': 'templates, followers and quotas can be asked for',
  'permissions.refused': [
    '{api}: {why}',
    'See which APIs the account has under 微信开发者平台 > 我的业务 > 服务号 > 接口管理 > 接口权限与额度',
  ],
  'accountKind.ok': 'it may send {sends} template {sends:message|messages} a day',
  'accountKind.test': [
    'the quotas are those of a test account (测试号), which has at most 100 followers and checks no keywords',
    'Set AppID and AppSecret of the real service account before going live',
  ],
  'accountKind.noSends': [
    'the account may not send template messages',
    'That needs a verified (认证) service account (服务号) which has switched on template messages: 广告与服务 > 模板消息',
  ],
} as const
