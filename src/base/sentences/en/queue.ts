/** Why the queue does not take pushes, or what a person should know of it. */
export const enQueue = {
  'place.redis': 'Redis at {address}',
  'place.sentinels': 'Redis {name} of the Sentinels at {addresses}',
  'place.embedded': 'the embedded queue in {dir}',

  'hosting.pathTooLong':
    'The path {path} is too long for a socket: set DATA_DIR to a directory with a shorter path',
  'hosting.another':
    'Another process hosts the embedded queue in {dir}: with it only one `unionpush start` or `unionpush worker` can run; set REDIS_URL for more',
  'hosting.damaged':
    'The embedded queue in {dir} cannot be opened ({reason}): its files are damaged, or were made by another version of the package @electric-sql/pglite (they are of PostgreSQL {version}). Install the version that made them, or put a copy of {dir} back, or move {dir} away to begin with an empty queue',
  'hosting.packages':
    'The embedded queue needs the packages @electric-sql/pglite, @electric-sql/pglite-socket and pg: install them (npm leaves optional packages out with --omit=optional), or set REDIS_URL',

  'away.inTime': '{place} did not take the call within 5 s: {reason}',
  'away.noAnswer': '{place} does not answer',
  'away.says': '{place}: {reason}',
  'away.noConnection': 'no connection',
  'away.closed': 'The queue was closed by this program',
  'away.adviced': '{message}; {advice}',
  'away.notHosted':
    'No process hosts the embedded queue in {dir}: start `unionpush start` or `unionpush worker`, or set REDIS_URL',
  'away.unusable': '{place} cannot be used: {reason}',
  'away.cluster':
    '{place} is a cluster: give the addresses of several of its nodes, separated by commas, as in REDIS_URL=redis://host:6379,redis://host:6379',
  'away.clusterTwice':
    '{place} is a cluster: give the addresses of several of its nodes, separated by commas, or this one twice, as in REDIS_URL={bare},{bare} (with user and password in the first)',
  'away.proxy':
    "{place} is a proxy that refuses BullMQ's scripts ({message}): set script_check_enable=0 where there is such a setting (Aliyun, Tair), or take an edition without shards (standard, or primary and replica), or give the addresses of the nodes of the cluster instead of the proxy's",
  'away.noDatabase':
    '{place} does not have the database at the end of REDIS_URL ({message}): give another number, or leave it out',
  'away.foreign':
    'The queue in {place} belongs to another database: set DATABASE_URL (or DATA_DIR) as for its other workers, or put a backup of that database back. If that one is gone for good, give the queue to this one: {command}',
  'away.foreignFile': 'delete the file {path}',
  'away.workerFailed': 'A worker could not answer: {reason}',
  'away.noWorker': 'No worker answers: start `unionpush worker`, then ask again',
  'away.mayBeQueued':
    '{reason}. It may be queued all the same: repeat it with the id {id}, then it is sent once',
  'away.notQueued': '{reason}. It was not queued. Repeat the push with the id {id} or as a new one',
  'away.manyInDoubt':
    '{reason}. {queued} {queued:message is|messages are} queued for sure, up to {more} more may be; those with an id of their own can all be repeated and are sent once',
  'away.manySure':
    '{reason}. {queued} {queued:message is|messages are} queued for sure, the others surely not; those with an id of their own can all be repeated and are sent once',
  'away.andBefore': '{reason}; {queued} of those before {queued:is|are} queued too',

  'redisAdvice.password': 'check user and password in REDIS_URL',
  'redisAdvice.noUsers': 'it is older than Redis 6 and knows no users: leave the user name out of REDIS_URL',
  'redisAdvice.maxClients':
    'it has as many connections as it takes: raise maxclients, or end what holds them',
  'redisAdvice.acl': 'give the user of REDIS_URL this command and the keys unionpush:* (ACL SETUSER)',
  'redisAdvice.full': 'it is full: raise its maxmemory; what waits is sent as soon as there is room',
  'redisAdvice.noTls':
    'it speaks no TLS on this port: write redis:// instead of rediss://, or give its TLS port',
  'redisAdvice.tlsEnded':
    'it ends the TLS handshake: give its TLS port, and see what certificates it asks for',
  'redisAdvice.authority': 'let REDIS_CA_FILE name a file with the certificate of its authority',
  'redisAdvice.timeout':
    'nothing answers there: check host, port and firewall, and that rediss:// is written if, and only if, the port expects TLS',
  'redisAdvice.host': 'the host cannot be resolved: check its name in REDIS_URL, and the DNS',
  'redisAdvice.sentinels':
    'check hosts, ports and password of the Sentinels; rediss+sentinel:// is written if, and only if, they expect TLS, and REDIS_CA_FILE names the certificate of an authority of your own',
  'redisAdvice.closesSilently':
    'it closes every connection without a word: if this port expects TLS, write rediss:// instead of redis://',

  'postgresAdvice.password': 'check user and password in DATABASE_URL',
  'postgresAdvice.user': 'check the user in DATABASE_URL, and what pg_hba.conf lets in from here',
  'postgresAdvice.createDatabase': 'create it, or name another one in DATABASE_URL',
  'postgresAdvice.grant':
    'give the user of DATABASE_URL the right to create a schema (GRANT CREATE ON DATABASE), or to use that of the queue',
  'postgresAdvice.full': 'its disk is full: make room; what waits is sent as soon as there is some',
  'postgresAdvice.maxConnections':
    'it has as many connections as it takes: raise max_connections, or end what holds them',
  'postgresAdvice.host': 'the host cannot be resolved: check its name in DATABASE_URL, and the DNS',

  'danger.noInfo': 'INFO is not allowed: see for yourself that maxmemory-policy is noeviction',
  'danger.evicts':
    'maxmemory-policy is {policy}: a Redis that is full deletes pushes that wait; set it to noeviction',
  'danger.full':
    'Redis is full (maxmemory {megabytes} MB): it takes no more pushes; those that wait go on being sent, which makes room. Raise maxmemory if that is too slow',
  'danger.fsync':
    'fsync is off in PostgreSQL: a machine that fails can take all pushes with it; set it to on',
} as const
