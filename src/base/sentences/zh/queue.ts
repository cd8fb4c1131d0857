/** 队列为什么不接收推送，以及关于它应当知道的事。 */
export const zhQueue = {
  'place.redis': '{address} 的 Redis',
  'place.sentinels': 'Redis {name}（Sentinel 地址 {addresses}）',
  'place.embedded': '{dir} 的内嵌队列',

  'hosting.pathTooLong': '{path} 作为 socket 的路径太长：请把 DATA_DIR 设为路径较短的目录',
  'hosting.another':
    '{dir} 的内嵌队列已由另一个进程运行：用内嵌队列时只能有一个 `unionpush start` 或 `unionpush worker`；要多个请设置 REDIS_URL',
  'hosting.damaged':
    '{dir} 的内嵌队列打不开（{reason}）：文件损坏，或由另一个版本的 @electric-sql/pglite 生成（这些文件属于 PostgreSQL {version}）。请安装原来的版本，或恢复 {dir} 的备份，或移走 {dir}，从空队列开始',
  'hosting.packages':
    '内嵌队列需要 @electric-sql/pglite、@electric-sql/pglite-socket 和 pg 这几个包：请安装（npm 加了 --omit=optional 就不装可选包），或设置 REDIS_URL',

  'away.inTime': '{place} 5 秒内没有响应：{reason}',
  'away.noAnswer': '{place} 没有应答',
  'away.says': '{place}：{reason}',
  'away.noConnection': '没有连上',
  'away.closed': '本程序已关闭队列',
  'away.adviced': '{message}；{advice}',
  'away.notHosted':
    '{dir} 的内嵌队列没有进程在运行：请启动 `unionpush start` 或 `unionpush worker`，或设置 REDIS_URL',
  'away.unusable': '{place} 不能用：{reason}',
  'away.cluster':
    '{place} 是集群：请写几个节点的地址，用逗号分隔，如 REDIS_URL=redis://host:6379,redis://host:6379',
  'away.clusterTwice':
    '{place} 是集群：请写几个节点的地址，用逗号分隔；只有一个地址就写两遍，如 REDIS_URL={bare},{bare}（用户名和密码写在第一个里）',
  'away.proxy':
    '{place} 是代理，不让执行 BullMQ 的脚本（{message}）：有 script_check_enable 参数的（阿里云、Tair）请设为 0，或改用不分片的版本（标准版、主从版），或不走代理，直接写集群各节点的地址',
  'away.noDatabase': '{place} 没有 REDIS_URL 末尾写的那个数据库（{message}）：请换一个编号，或去掉它',
  'away.foreign':
    '{place} 里的队列属于另一个数据库：请把 DATABASE_URL（或 DATA_DIR）设成和其他 worker 一样，或恢复那个数据库的备份。如果那个库确实没有了，可把队列交给现在这个库：{command}',
  'away.foreignFile': '删除文件 {path}',
  'away.workerFailed': 'worker 没能回答：{reason}',
  'away.noWorker': '没有 worker 应答：请先启动 `unionpush worker` 再查',
  'away.mayBeQueued': '{reason}。也可能已经入队：用 id {id} 重推一次，不会重复发送',
  'away.notQueued': '{reason}。这条没有入队，可以用 id {id} 重推，也可以另推一条',
  'away.manyInDoubt':
    '{reason}。已确定入队 {queued} 条，另有至多 {more} 条可能已入队；自带 id 的都可以重推，不会重复发送',
  'away.manySure': '{reason}。已确定入队 {queued} 条，其余都没有入队；自带 id 的都可以重推，不会重复发送',
  'away.andBefore': '{reason}；此前还有 {queued} 条已入队',

  'redisAdvice.password': '请检查 REDIS_URL 里的用户名和密码',
  'redisAdvice.noUsers': '它比 Redis 6 还旧，没有用户名一说：请去掉 REDIS_URL 里的用户名',
  'redisAdvice.maxClients': '它的连接数已用满：请调大 maxclients，或停掉占用连接的程序',
  'redisAdvice.acl': '请给 REDIS_URL 里的用户授权这个命令和 unionpush:* 这些键（ACL SETUSER）',
  'redisAdvice.full': '它的内存满了：请调大 maxmemory；腾出空间后，排队的推送马上接着发',
  'redisAdvice.noTls': '这个端口不是 TLS：请把 rediss:// 改成 redis://，或写它的 TLS 端口',
  'redisAdvice.tlsEnded': 'TLS 握手时被它断开：请写它的 TLS 端口，并看它要求什么证书',
  'redisAdvice.authority': '请用 REDIS_CA_FILE 指定它的 CA 证书文件',
  'redisAdvice.timeout':
    '那里没有应答：请检查主机、端口和防火墙；端口要求 TLS 才写 rediss://，否则写 redis://',
  'redisAdvice.host': '主机名解析不了：请检查 REDIS_URL 里的主机名和 DNS',
  'redisAdvice.sentinels':
    '请检查各个 Sentinel 的主机、端口和密码；它们要求 TLS 才写 rediss+sentinel://，自建 CA 的证书由 REDIS_CA_FILE 指定',
  'redisAdvice.closesSilently':
    '它一声不响地断开所有连接：如果这个端口要求 TLS，请把 redis:// 改成 rediss://',

  'postgresAdvice.password': '请检查 DATABASE_URL 里的用户名和密码',
  'postgresAdvice.user': '请检查 DATABASE_URL 里的用户名，以及 pg_hba.conf 是否放行本机',
  'postgresAdvice.createDatabase': '请先创建它，或在 DATABASE_URL 里换一个库',
  'postgresAdvice.grant':
    '请授权 DATABASE_URL 里的用户创建 schema（GRANT CREATE ON DATABASE），或使用队列所在的 schema',
  'postgresAdvice.full': '它的磁盘满了：请清理空间；有了空间，排队的推送马上接着发',
  'postgresAdvice.maxConnections': '它的连接数已用满：请调大 max_connections，或停掉占用连接的程序',
  'postgresAdvice.host': '主机名解析不了：请检查 DATABASE_URL 里的主机名和 DNS',

  'danger.noInfo': 'Redis 不允许执行 INFO：请自行确认 maxmemory-policy 是 noeviction',
  'danger.evicts': 'maxmemory-policy 是 {policy}：Redis 内存满了会删掉排队的推送，请改成 noeviction',
  'danger.full':
    'Redis 内存满了（maxmemory {megabytes} MB），不再接收推送；排队的仍在发送，会慢慢腾出空间。嫌慢就调大 maxmemory',
  'danger.fsync': 'PostgreSQL 关了 fsync：机器一断电，推送可能全丢，请打开它',
} as const
