/** 群机器人里的提醒：出了什么事、为什么、怎么办。 */
export const zhAlerts = {
  'alert.paused': ['服务号 {account} 已暂停发送\n原因：{what}（{reason}）\n详情：{detail}', '{todo}\n{next}'],
  'alert.resumed': '服务号 {account} 已恢复发送\n此前暂停的原因：{what}（{reason}）',
  'alert.templatePaused': [
    '服务号 {account} 的模板 {template} 发不出去，只有它的推送暂停等待，其他模板照常发送\n详情：{detail}',
    '换一个模板发，或把它恢复过来；{at}（北京时间）起重新检查，间隔逐渐拉长，要马上再试运行 unionpush resume --template {template}',
  ],
  'alert.templateResumed': '服务号 {account} 的模板 {template} 已恢复发送',
  'alert.nextByHand': '不会自动恢复；推送都保留在队列里',
  'alert.nextProbe': '下次检查：{at}（北京时间），问题解决后自动继续；推送都保留在队列里',
  'alert.nextQuota': '下次检查：{at}（北京时间），有新额度后自动继续；推送都保留在队列里',
  'alert.queueFull': [
    '服务号 {account} 的推送队列已满\n详情：{detail}',
    '调大 Redis 的 maxmemory；队列里的推送仍在继续发送，腾出空间后自动恢复接收',
  ],
  'alert.webhookOff': [
    'WEBHOOK_URL 连续三天什么也没收下，webhook 已停用\n详情：{detail}',
    '修好接收端，再运行 unionpush webhooks enable；期间的结果都留着，启用后按顺序补发',
  ],
  'alert.syncComplete': '服务号 {account} 的粉丝同步已恢复正常',
  'alert.syncFailed': [
    '服务号 {account} 的粉丝同步{ending}\n详情：{detail}',
    '运行 unionpush sync 查看；在此之前新关注的用户可能收不到推送。情况不变时不再重复提醒',
  ],
  'alert.sync.interrupted': '中断，下次同步会从中断处继续',
  'alert.sync.stopped': '停止：微信返回的粉丝列表不可信，没有据此取消任何人的关注状态',
  'alert.sync.failed': '失败，下次同步会重试',
  'alert.broadcastPaused': [
    '服务号 {account} 的群发 {title} 已自动暂停\n原因：{why}\n详情：{detail}',
    '查看 unionpush broadcast show {id}；继续用 unionpush broadcast resume {id}',
  ],
  'alert.broadcastFinished':
    '服务号 {account} 的群发 {title} 已结束：共 {selected} 人，微信接受 {accepted} 人',
  'alert.title': '「{name}」（{id}）',
  'alert.pause.failures': '失败过多（failures）',
  'alert.pause.quota': '今天的额度只剩给单条推送预留的部分（quota），0 点后自动继续',
  'alert.cause.credentials_invalid': [
    'AppID 或 AppSecret 不正确',
    '核对 AppID、AppSecret（WECHAT_APPID、WECHAT_SECRET，或 ACCOUNTS_FILE 里的）与「微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发密钥」（原「设置与开发 > 基本配置」）是否一致，改好后重启 worker',
  ],
  'alert.cause.token_invalid': [
    'access_token 反复失效',
    '检查是否有其他程序在强制刷新 access_token（应统一用 stable_token 普通模式），以及 AppID、AppSecret（WECHAT_APPID、WECHAT_SECRET，或 ACCOUNTS_FILE 里的）是否属于这个服务号',
  ],
  'alert.cause.ip_not_allowed': [
    '服务器 IP 不在白名单',
    '在「微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发信息 > IP白名单」（原「设置与开发 > 基本配置 > IP白名单」）中加入该 IP',
  ],
  'alert.cause.account_restricted': [
    '账号被限制或封禁',
    '在微信开发者平台或 mp.weixin.qq.com 的通知中心查看原因并申诉',
  ],
  'alert.cause.api_unauthorized': [
    '账号没有该接口的权限',
    '确认账号是已认证的服务号，并且用的是服务号自己的 AppID',
  ],
  'alert.cause.quota_exhausted': [
    '接口调用额度已用完',
    '无需处理；额度在北京时间 0 点恢复，也可在「微信开发者平台 > 我的业务 > 服务号 > 接口管理 > 接口权限与额度」（原公众平台）查看或申请提高额度',
  ],
  'alert.cause.manual': ['人工暂停', '需要恢复时运行 unionpush resume'],
  'alert.cause.other': ['微信拒绝了这个账号的请求', '根据详情处理'],
  'alert.todo': '处理：{todo}',
} as const
