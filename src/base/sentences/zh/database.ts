/** 数据库为什么用不了。 */
export const zhDatabase = {
  'db.fault': '数据库 {address}：{message}',
  'db.faultAndAdvice': '数据库 {address}：{message}；{advice}',
  'db.heldByOther': '另一个进程占着这个数据库，等它结束或把它停掉',
  'db.diskFull': '磁盘满了，请清理空间',
  'db.noSharedMemory':
    '所在的文件系统不支持进程间共享内存（网络文件系统都不支持），请把它放到本地磁盘（DATABASE_URL）',
  'db.disk': '磁盘读写出错，请检查磁盘和系统日志',
  'db.notSqlite': '这不是 SQLite 文件，请把 DATABASE_URL 指向别的文件',
  'db.damaged': '文件已损坏，请从备份恢复',
  'db.makeWritable': '请让当前用户能写这个文件和它所在的目录',
  'db.contradiction': '数据相互矛盾',

  'db.network': '请启动数据库服务，或改对 DATABASE_URL 里的主机和端口',
  'db.serverEnded': '服务端断开了连接：它已停止、正在启动，或者是管理员断开的',
  'db.maxConnections': '请调大数据库的 max_connections，或减少进程数',
  'db.serverFull': '数据库服务器磁盘已满，请清理空间',
  'db.password': '请改对 DATABASE_URL 里的用户名和密码',
  'db.user':
    '请改对 DATABASE_URL 里的用户名，或在服务器的 pg_hba.conf 里放行（只允许 TLS 时加 ?sslmode=require）',
  'db.createDatabase': '请先创建它（createdb），或在 DATABASE_URL 里换一个库',
  'db.grant': '请给这个用户授权：GRANT CREATE ON DATABASE，或让它成为 schema 的所有者',
  'db.standby': '这台服务器只读（备库），请把 DATABASE_URL 指向主库',
  'db.collisions': '别的进程一直在写同样的行',
  'db.cancelled': '语句被管理员或数据库的 statement_timeout 取消了',
  'db.serverDamaged': '数据库服务器上的文件已损坏，请从备份恢复',
  'db.tableChanged': '程序运行期间有表被删除或改动，请运行 unionpush migrate',
  'db.certificate': '请用 ?sslrootcert= 指定 CA 证书文件，或用 ?sslmode=require 信任任何证书',
  'db.certificateFile': '请让 ?sslrootcert=、?sslcert=、?sslkey= 指向当前用户可读的文件',
  'db.noTls': '请在服务器上打开 ssl，或设置 ?sslmode=disable',

  'db.closed': '数据库 {address} 已关闭',
  'db.writerEnded': '数据库 {address} 的写线程已退出',
  'db.moved': '数据库 {address} 在使用中被移走、删除或替换：请放回原处，或重启进程改用现在的文件',
  'db.notWritable':
    '数据库 {address} 不可写（{message}）：请让当前用户能写这个文件和它所在的目录，或把 DATABASE_URL 指到别处',
  'db.foreignFile': '数据库 {address} 是别的程序的，请把 DATABASE_URL 指向单独的文件',
  'db.foreignSchema':
    '数据库 {address} 的 schema {schema} 是别的程序的，请在 DATABASE_URL 里用 ?schema= 指定单独的 schema',
  'db.newer': '数据库 {address} 是更新版本的 unionpush 写的，请安装那个版本或更新的版本',
  'db.tooOld': '数据库 {address} 是 PostgreSQL {version}，至少需要 {least}',
  'db.bundled':
    '打包后的程序里用不了数据库：打包时请排除 unionpush（esbuild 用 --external:unionpush，webpack 用 externals）',

  'copy.incomplete':
    '数据库 {address} 里的数据只复制了一部分：请再次运行 unionpush migrate --from --to，直到成功为止',
  'copy.elsewhere': '请用 ?schema= 指定一个空的 schema，没人用的话也可以删掉这个',
  'copy.otherTables': '数据库 {address} 里有别的程序的表；{elsewhere}',
  'copy.otherCopy': '数据库 {address} 里是从另一个数据库复制来的数据；{elsewhere}',
  'copy.hasData': '数据库 {address} 里已有数据（表 {table}）；{elsewhere}',
  'copy.busyTarget': '另一个进程正在往 {address} 复制数据',
  'copy.underWay': '数据库 {address} 正在复制到 {target}',
  'copy.inUse':
    '{service} 正在使用数据库 {address}：请先停掉用它的 worker、cron、serve、start 和 sync；被强行杀掉的还要再等 {seconds} 秒',
  'copy.startAgain': '数据库 {address} 正在复制到 {target}：等复制结束，把 DATABASE_URL 改成新库再启动',
  'copy.noPlace': '{source} 的表 {table} 在 {target} 里没有对应的表',
  'copy.differs':
    '数据库 {target} 与 {source} 的数据不一致：{tables}。如果 {target} 已经投入使用，这是正常的；否则说明复制期间有程序写了 {source}：请停掉它，删除新库的 schema，重新复制',
} as const
