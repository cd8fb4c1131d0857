/** 演示和模拟器。 */
export const zhDemo = {
  'demo.made': '正在准备一个模拟微信，有 {count} 个粉丝',
  'demo.answers': '它的地址是 {base}\n',
  'demo.starts': '模拟微信已启动，有 {count} 个粉丝，地址 {base}；正在启动程序',
  'demo.first': '第一次同步',
  'demo.second': '第二次同步',
  'demo.pushes': '推送      ',
  'demo.inProcess': '本进程内的数据库里：创建它要 5 到 30 秒',
  'demo.worker': 'worker      正在启动，队列在 {place}',
  'demo.workerStarting': 'worker      还在启动，{duration}',
  'demo.workerReady': 'worker      {duration} 后就绪',
  'demo.receiptsChecked': '回执        微信正在校验回调服务器',
  'demo.queueing': '推送        2,000 条入队，然后全部再推一遍',
  'demo.receiptsAwaited': '回执        等最后几条',
  'demo.page':
    '\n页面  {url}\n密钥  {key}\n\n在浏览器里打开页面，用密钥登录。按 Ctrl-C 结束演示，并清除所有数据。',
  'demo.table': '推送给 2,000 个用户',
  'demo.asked': '提交',
  'demo.sent': '已发送',
  'demo.skipped': '已跳过',
  'demo.rejected': '被拒绝',
  'demo.followers': '粉丝',
  'demo.leftBeforeFirst': '第一次同步前已取关',
  'demo.leftBeforeSecond': '第二次同步前已取关',
  'demo.neverFollowed': '从未关注',
  'demo.leftSince': '最近一次同步后取关',
  'demo.badText': '内容微信不接受',
  'demo.total': '合计',
  'demo.firstSync': '第一次同步  {added} 个粉丝，用时 {duration}，其中 {withoutUnionid} 个没有 unionid',
  'demo.secondSync': '第二次同步  拉取 {fetched} 个，用时 {duration}，{left} 个已取关',
  'demo.receipts': '回执        送达 {delivered} 条，未送达 {undelivered} 条（用户拒收）',
  'demo.again': '重复推送    入队 {queued} 条，{duplicates} 条之前已推送',
  'demo.wechat': `微信        接受 {accepted} 条，其中重复 {twice} 条；拒绝 {refused} 条；
            系统繁忙 {busy} 次；发放 access_token {tokens} 个`,
  'demo.addsUp': '全部对得上，用时 {duration}。',
  'demo.doesNotAddUp': '这些对不上：',
  'demo.andMore': '  还有 {count} 处',

  'demo.sync': '同步      ',
  'demo.sentTo': '已发送    ',
  'demo.broadcastCreated': '群发        已创建：先发 2 %；worker 进程正在启动',
  'demo.canary': '灰度        已发给 {count} 人，等它们的回执',
  'demo.canaryPassed': '灰度        已送达，自动继续',
  'demo.pause': '暂停        已发 {before} 人；暂停的一秒里发了 {during} 条，有 {left} 人取关',
  'demo.kill': 'kill -9     worker 被杀，手上还有 {count} 人；再启动一个',
  'demo.afterKill': '            这些人收没收到还不清楚：20 秒后由它接手，微信认得出发过的消息',
  'demo.recipients': '收件人',
  'demo.sum': '合计',
  'demo.wechatBroadcast': '微信        接受 {accepted} 条，其中重复 {twice} 条',

  'simulator.callbacksPassed': '回调发往 {url}，URL 校验已通过',
  'simulator.callbacksFailed': '回调发往 {url}，URL 校验没有通过：{problem}',
  'simulator.text': `模拟微信已启动，有 {followers}，地址 {base}
{callbacks}按 Ctrl-C 结束。

在另一个终端里让 unionpush 用它：

{exports}

然后比如：

  unionpush sync
  unionpush templates

看它的用户和统计，以及让它出错：

{calls}
`,
} as const
