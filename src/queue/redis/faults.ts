/** What a person can do about it, by what Redis, ioredis or TLS say. */
const advice: readonly [pattern: RegExp, advice: string][] = [
  [
    /WRONGPASS|NOAUTH|invalid password|without any password configured/,
    'check user and password in REDIS_URL',
  ],
  [
    /wrong number of arguments for 'auth'/,
    'it is older than Redis 6 and knows no users: leave the user name out of REDIS_URL',
  ],
  [
    /max number of clients/,
    'it has as many connections as it takes: raise maxclients, or end what holds them',
  ],
  [
    /NOPERM|ACL failure|can't run this command|unknown command/,
    'give the user of REDIS_URL this command and the keys unionpush:* (ACL SETUSER)',
  ],
  [/^OOM |-OOM |maxmemory/, 'it is full: raise its maxmemory; what waits is sent as soon as there is room'],
  [
    /wrong version number|packet length too long|WRONG_VERSION_NUMBER/i,
    'it speaks no TLS on this port: write redis:// instead of rediss://, or give its TLS port',
  ],
  [
    /before secure TLS connection/,
    'it ends the TLS handshake: give its TLS port, and see what certificates it asks for',
  ],
  [
    /self.signed certificate|unable to verify|unable to get.* issuer/i,
    'let REDIS_CA_FILE name a file with the certificate of its authority',
  ],
  [
    /ETIMEDOUT/,
    'nothing answers there: check host, port and firewall, and that rediss:// is written if, and only if, the port expects TLS',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'the host cannot be resolved: check its name in REDIS_URL, and the DNS'],
]

/** Ends a connection that was closed before anything came of it. */
export const closedSilently =
  'it closes every connection without a word: if this port expects TLS, write rediss:// instead of redis://'

/** What is wrong, in the words of whoever said it, and what to do about it where that is known. */
export function explainRedisError(error: unknown): string {
  const cause = toCause(error)
  const message = cause instanceof Error ? cause.message : String(cause)
  const known = advice.find(([pattern]) => pattern.test(message))
  return known ? `${message.replace(/\.$/, '')}; ${known[1]}` : message
}

/** ioredis puts what a node of a cluster said behind its own "Failed to refresh slots cache". */
function toCause(error: unknown): unknown {
  return error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : error
}

/** What ioredis ends commands with once the connection is gone; why it is gone was told before. */
export function isConsequence(error: unknown): boolean {
  return (
    error instanceof Error &&
    /max retries per request|Stream isn't writeable|^Connection is closed/.test(error.message)
  )
}

/**
 * Answers of proxies of managed clusters that look into a script for the keys it uses: BullMQ makes some of them inside.
 * Aliyun words them like this; others forbid scripts as a whole.
 */
export function isScriptRefusal(message: string): boolean {
  return /bad lua script for redis cluster|eval\/evalsha (command keys must be in same slot|number of keys)|command '?eval(sha)?'? not support/i.test(
    message,
  )
}

/** The server has fewer databases than the number in the URL, or is a cluster, which has one. */
export function isWrongDatabase({ message }: Error): boolean {
  return /DB index is out of range|SELECT is not allowed in cluster mode/.test(message)
}

/**
 * Answers of a server that is not, or not any more, the one to write to: behind an address that fails over, the next
 * connection reaches the one that is. Redis before 7 puts them behind the name of the script.
 */
export function isWrongServer(message: string): boolean {
  return /(^|-)(READONLY|UNBLOCKED|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS) /.test(message)
}
