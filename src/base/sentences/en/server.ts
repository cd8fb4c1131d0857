/** Of this machine, the database and the queue. */
export const enServer = {
  'config.ok': 'all settings can be used',
  'config.problems': [
    'settings that cannot be used: {count}\n{problems}',
    'Set them in the environment, in a .env file here or in ACCOUNTS_FILE; docs/en/configuration.md explains each',
  ],
  'secrets.noFile': 'there is no .env file here, and no ACCOUNTS_FILE',
  'secrets.ok': 'only this user can read {files}',
  'secrets.open': ['other users of this machine can read {file} (mode {mode})', 'chmod 600 {file}'],
  'node.ok': 'Node.js {version}, at least {least} is needed',
  'node.old': ['Node.js {version} is too old, at least {least} is needed', 'Install Node.js 20 or newer'],
  'dataDir.ok': '{dir} can be written',
  'dataDir.noDirectory': [
    '{dir} is not a directory',
    'Point DATA_DIR at a directory, or move that file away',
  ],
  'dataDir.notWritable': [
    '{dir} cannot be written by this user',
    'Give it to the user who runs unionpush (chown), or set DATA_DIR',
  ],
  'disk.ok': '{free} MB free at {dir}',
  'disk.little': ['only {free} MB free at {dir}', 'Make room, or lower HISTORY_DAYS'],
  'disk.full': [
    'only {free} MB free at {dir}: sending stops when the disk is full, because no outcome could be kept',
    'Make room now, or move DATA_DIR to a larger disk',
  ],
  'database.ok': '{engine}, {address}',
  'database.error': ['{why} ({code})', 'Nothing is sent until it opens'],
  'growth.ok': 'the database has {size} MB and grows by about {growth} MB a day; {free} MB are free',
  'growth.tooMuch': [
    'the database has {size} MB and grows by about {growth} MB a day; {free} MB are free, which {days} days of history do not fit into',
    'Lower HISTORY_DAYS, or move the database to a larger disk',
  ],
  'growth.server': 'the disk is that of the PostgreSQL server',
  'queue.ok': 'in {kind}: {waiting} waiting, {active} being sent, {delayed} delayed, {failed} failed',
  'queue.notHosted': ['{why}', 'It begins with unionpush start; pushes are refused until then'],
  'queue.unreachable': [
    '{why}',
    'Check REDIS_URL or DATABASE_URL, the firewall, and whether the server runs',
  ],
  'queueEngine.ok': 'the queue is in {kind}',
  'queueEngine.embedded': [
    'the embedded queue: for trying out, and for small use on one machine',
    'Set REDIS_URL for production',
  ],
  'redis.none': 'the queue is not in Redis',
  'redis.forbidden': 'Redis does not let this user ask for INFO: see for yourself',
  'redis.unreachable': 'Redis cannot be asked: {why}',
  'redisVersion.ok': 'Redis {version}, at least {least} is needed',
  'redisVersion.old': ['Redis {version} is too old: at least {least} is needed', 'Upgrade Redis'],
  'redisPolicy.ok': 'maxmemory-policy is noeviction',
  'redisPolicy.evicts': [
    'maxmemory-policy is {policy}: a Redis that is full deletes pushes that wait',
    'Set it to noeviction: redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf or the console of your cloud',
  ],
  'redisPersistence.ok': 'every write goes to the append-only file',
  'redisPersistence.snapshots': [
    'Redis only takes snapshots: a crash loses the pushes since the last one',
    'Switch on the append-only file: redis-cli CONFIG SET appendonly yes, and in redis.conf',
  ],
  'redisPersistence.none': [
    'Redis writes nothing to disk: a restart loses every push that waits',
    'Switch on the append-only file: redis-cli CONFIG SET appendonly yes, and in redis.conf',
  ],
  'redisPersistence.fails': [
    'the last write of Redis to its disk failed',
    'Look into the log of Redis; most often its disk is full or may not be written',
  ],
  'redisMemory.ok': '{used} MB of {most} MB are used',
  'redisMemory.unlimited': '{used} MB are used, without a limit',
  'redisMemory.nearlyFull': [
    '{used} MB of {most} MB are used',
    'Raise maxmemory before it is full: a full Redis takes no more pushes',
  ],
  'redisMemory.full': [
    'Redis is full ({used} MB of {most} MB): it takes no more pushes',
    'Raise maxmemory; what waits goes on being sent, which makes room',
  ],
  'worker.ok': 'a worker answers',
  'worker.none': ['no worker answers: what is pushed waits', 'unionpush start, or unionpush worker'],
  'worker.noneAndWaiting': [
    'no worker answers, and pushes wait: {waiting}',
    'unionpush start, or unionpush worker; if one runs, see its log and whether it has the same REDIS_URL and account',
  ],
  'waiting.none': 'nothing waits',
  'waiting.ok': '{waiting} waiting, the first for {minutes} min',
  'waiting.long': [
    '{waiting} waiting, the first for {minutes} min',
    'See unionpush status for a pause or a low rate, and whether a worker runs',
  ],
} as const
