/** 到微信的网络、access_token 与账号权限。 */
export const zhWechat = {
  'wechat.ok': '{base} 有应答',
  'wechat.unreachable': ['访问不到 {base}：{why}', '检查本机的网络、DNS、防火墙和代理设置'],
  'wechat.odd': [
    '{base} 的应答不像微信（HTTP {status}）',
    '检查 WECHAT_API_BASE，以及中间是谁在应答（见 proxy 这一项）',
  ],
  'fallback.none': [
    'WECHAT_API_BASE 只有一个域名：它不通时没有退路',
    '不设 WECHAT_API_BASE，或用逗号加上 https://api2.weixin.qq.com',
  ],
  'fallback.ok': '{bases} 有应答',
  'fallback.unreachable': [
    '{base} 没有给出可用的应答：主域名出故障时没有退路',
    '在防火墙放行它，或从 WECHAT_API_BASE 里去掉',
  ],
  'apiBase.ok': '都是微信的域名',
  'apiBase.plain': [
    '{base} 没有走 TLS：AppSecret 和 access_token 在途中可被看到',
    '只适合本机的模拟器；访问微信请用 https://',
  ],
  'apiBase.foreign': ['{base} 不是微信的域名', '确认它是你们自己的：它看得到 AppSecret 和 access_token'],
  'proxy.none': '直连微信',
  'proxy.ok': '经代理 {proxy} 访问微信',
  'proxy.page': [
    '代理 {proxy} 代替 {base} 返回了自己的页面（HTTP {status}）：{page}',
    '让代理放行微信域名（可能要登录，或被拦截），或设置 NO_PROXY=.weixin.qq.com',
  ],
  'proxy.pageWithoutProxy': [
    '有设备代替 {base} 返回了自己的页面（HTTP {status}）：{page}',
    '查一查途中的网关、认证页面，或 DNS 是否被改',
  ],
  'clock.ok': '与微信相差不超过 {seconds} 秒',
  'clock.slow': ['本机时钟慢了 {seconds} 秒', '打开时间同步：timedatectl set-ntp true，或用 chrony'],
  'clock.fast': ['本机时钟快了 {seconds} 秒', '打开时间同步：timedatectl set-ntp true，或用 chrony'],
  'clock.unknown': '没有拿到微信的时间',
  'timezone.ok': '{timezone}，现在是 {time}',
  'timezone.elsewhere': [
    '{timezone}，现在是 {time}：SYNC_CRON（ACCOUNTS_FILE 里是 syncCron）按这个时区执行，而微信额度在北京时间零点重置',
    '若非有意，请设 TIMEZONE=Asia/Shanghai',
  ],
  'webhook.none': '没有设置 WEBHOOK_URL：推送结果不会发到别处',
  'webhook.noDatabase': '没收下的消息记在数据库里，而数据库打不开',
  'webhook.ok': '{host} 全都收下了',
  'webhook.failing': [
    '{host} 有 {count} 条消息没收下，例如：{why}',
    '用 unionpush webhooks list 查看，用 unionpush webhooks test 试一下 WEBHOOK_URL',
  ],
  'webhook.off': [
    '{host} 从 {since} 起停用：{why}',
    '修好接收端，再运行 unionpush webhooks enable：期间的结果都留着',
  ],
  'alertUrl.none': ['没有设置 ALERT_WEBHOOK_URL：停发时没人知道', '填一个企业微信群机器人的地址'],
  'alertUrl.ok': '{host} 有应答',
  'alertUrl.plain': ['{host} 没有走 TLS：地址里的 key 在途中可被看到', '改用 https://'],
  'alertUrl.notFound': ['{host} 返回 404', '检查 ALERT_WEBHOOK_URL 的路径'],
  'alertUrl.unreachable': ['访问不到 {host}：{why}', '检查 ALERT_WEBHOOK_URL、防火墙和代理设置'],

  'token.ok': '微信发放了 access_token，也认它',
  'ip.ok': '微信接受本机的调用',
  'ip.notListed': [
    '微信看到的本机 IP 是 {ip}，不在 IP白名单里（{numbers}）',
    '把 {ip} 加到 微信开发者平台 > 我的业务 > {app} > 基础信息 > 开发信息 > IP白名单（旧入口：设置与开发 > 基本配置 > IP白名单），5 到 10 分钟后生效；出口 IP 会变的话，改走固定出口',
  ],
  'tokenConflict.ok': '库里的 access_token 仍是最新的',
  'tokenConflict.nothingStored': '库里还没有 access_token',
  'tokenConflict.tooOld': '库里的 access_token 快到期了，微信可能已自行更换',
  'tokenConflict.replaced': [
    '库里的 access_token 离到期还有 {minutes} 分钟就被换掉了：有别的程序在强制刷新（force_refresh），或 AppSecret 被重置过',
    '找到还在用这个 AppSecret 的程序，让它调 stable_token 时不要带 force_refresh',
  ],
  'tokenConflict.refused': [
    '刚发放的 access_token 立刻就不被承认（{numbers}）：有别的程序在强制刷新（force_refresh）',
    '找到还在用这个{app} AppSecret 的程序，让它调 stable_token 时不要带 force_refresh',
  ],
  'miniprogram.none': '没有配置小程序',
  'miniprogram.ok': '微信认可 {appid} 的 AppID 和 AppSecret',
  'miniprogram.same': [
    '小程序的 AppID（WECHAT_MINIPROGRAM_APPID，或 ACCOUNTS_FILE 里的 miniprogram.appid）填成了服务号的 AppID（{appid}）',
    '小程序和服务号的 AppID 不同，小程序的在 微信开发者平台 > 我的业务 > 小程序',
  ],
  'api.templates': '模板列表',
  'api.followers': '粉丝列表',
  'api.quota': '额度查询',
  'permissions.ok': '模板、粉丝、额度接口都能调',
  'permissions.refused': [
    '{api}：{why}',
    '到 微信开发者平台 > 我的业务 > 服务号 > 接口管理 > 接口权限与额度 看账号有哪些接口权限',
  ],
  'accountKind.ok': '每天可发 {sends} 条模板消息',
  'accountKind.test': [
    '从额度看是测试号：最多 100 个粉丝，也不校验关键词内容',
    '上线前换成正式服务号的 AppID 和 AppSecret',
  ],
  'accountKind.noSends': [
    '这个账号不能发模板消息',
    '需要已认证的服务号，并开通模板消息：广告与服务 > 模板消息',
  ],
} as const
