import { findRule, rule } from '../../base/sentences/rule.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'

/** What a person can do about it, by what Redis, ioredis or TLS say. */
const advice: readonly [pattern: RegExp, advice: Sentence][] = [
  [/WRONGPASS|NOAUTH|invalid password|without any password configured/, say('redisAdvice.password')],
  [/wrong number of arguments for 'auth'/, say('redisAdvice.noUsers')],
  [/max number of clients/, say('redisAdvice.maxClients')],
  [/NOPERM|ACL failure|can't run this command|unknown command/, say('redisAdvice.acl')],
  [/^OOM |-OOM |maxmemory/, say('redisAdvice.full')],
  [/wrong version number|packet length too long|WRONG_VERSION_NUMBER/i, say('redisAdvice.noTls')],
  [/before secure TLS connection/, say('redisAdvice.tlsEnded')],
  [/self.signed certificate|unable to verify|unable to get.* issuer/i, say('redisAdvice.authority')],
  [/ETIMEDOUT/, say('redisAdvice.timeout')],
  // Why each of them could not be asked, ioredis tells nobody.
  [/sentinels are unreachable.*Connection is closed/i, say('redisAdvice.sentinels')],
  [/ENOTFOUND|EAI_AGAIN/, say('redisAdvice.host')],
]

/** Ends a connection that was closed before anything came of it. */
export const closedSilently = rule(say('redisAdvice.closesSilently'))

/** What is wrong, in the words of whoever said it, and what to do about it where that is known. */
export function explainRedisError(error: unknown): Sentence {
  if (isConsequence(error)) return say('away.noConnection')
  const cause = toCause(error)
  const message = cause instanceof Error ? cause.message : String(cause)
  const known = advice.find(([pattern]) => pattern.test(message))
  if (!known) return findRule(message)
  return say('away.adviced', { message: message.replace(/\.$/, ''), advice: known[1] })
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
