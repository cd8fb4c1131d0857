/** 执行操作的命令说的话。 */
export const zhActions = {
  'confirm.ask': '{question}（输入 y 确认）',
  'push.queued': '已入队，id 是 {id}。结果见 unionpush show {id}',
  'push.known': '{id} 已经推送过：不会重复发送',
  'push.waiting': '等待 worker 发送；按 Ctrl-C 不影响它在队列里',
  'push.staysQueued': '{sentence}。{id} 仍在队列里',
  'push.lines': '行数',
  'push.stopped': '读到{count}时停下；{path} 后面的没有入队',
  'push.badLine': '第 {line} 行：{reason}',
  'push.fileCounts': '入队 {queued} 条，{duplicates}，无效 {invalid} 条',
  'progress.eta': '剩余 {duration}',

  'cancel.cancelled': '{id} 已撤回，不会发送',
  'cancel.too_late': '来不及了：{id} 已经发过或已有结果。详见 unionpush show {id}',
  'pause.resumedMeanwhile': '{account} 刚被别人恢复了',
  'pause.is': '{account} 从 {paused}',
  'pause.was': '{account} 早已从 {paused}',
  'pause.unreachable': '{reason}\n不过已经记下：worker 一连上队列就会照办。',
  'resume.pausedAgain': '{account} 恢复后又暂停了：{detail}',
  'resume.done': '{account} 已恢复发送',
  'resume.notPaused': '{account} 没有暂停',

  'resume.templateNotPaused': '{account} 的模板 {template} 没有暂停',
  'resume.template': '{account} 的模板 {template} 已恢复，{count} 条推送马上发出',

  'templates.freeText': '{key}（任意文字）',
  'templates.asOf': '微信没有返回可用的结果；以下是 {time} 拉取的',
  'templates.missing': '缺少 data.{key}',
  'templates.unknown': '模板里没有 data.{key} 的位置：用户看不到它',
  'templates.problem': '{field} 应为：{rule}',
  'templates.unchanged': '与上次拉取时相比没有变化',
  'templates.added': '+ {template}  {title}（新增）',
  'templates.removed': '- {template}  {title}（已删除）',
  'templates.changed': '~ {template}  {title}（有改动）',

  'webhooks.off': '已停用：{detail}。处理好后运行 unionpush webhooks enable',
  'webhooks.allTaken': '全部已收下',
  'webhooks.taken': '{duration} ms 后收下',
  'webhooks.notTaken': '没有收下：{error}',
  'webhooks.onAgain': 'webhook 已重新启用',
  'webhooks.on': 'webhook 本来就是启用的',
  'webhooks.due': '{count}马上再试',
  'webhooks.repeated': '{tried}，{count}再通知一次',
  'webhooks.line': '{id}  {type}  {attempts}，{next}：{error}',
  'webhooks.givenUp': '已放弃',
  'webhooks.next': '下次 {time}',

  'migrate.upToDate': '{address} 已是最新结构',
  'migrate.copied': '已复制',
  'migrate.verified': '已核对',
  'migrate.again': '复制期间 {address} 有新的写入，重新开始复制',
  'migrate.table': '表',
  'migrate.rows': '行数',
  'migrate.checksum': '校验和',
  'migrate.done': '{from} 的 {rows} 行已全部复制到 {to}，行数和校验和都一致。',
  'migrate.doneResumed': '{from} 的 {rows} 行已全部复制到 {to}（接着上次），行数和校验和都一致。',
  'migrate.now': `接下来在每台机器上：
1. 把 DATABASE_URL 改成 --to 写的地址。
2. REDIS_URL 不用动：在 Redis 里排队的推送还在，由用新库的 worker 发出去。没有 REDIS_URL 的话，
   DATA_DIR 队列里的推送不会跟着走：先让用旧文件的 worker 把它们发完，再复制。
3. 重新启动 cron、worker 和 serve。旧文件不要再用，留作备份。`,
} as const
