import type { Callback, Cluster, Redis } from 'ioredis'

/** A version that can do all that BullMQ asks for. */
const leastInfo = 'redis_version:6.2.0\r\n'

/** For who may not ask: an ACL user without the command, or a host that has taken it away. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && /NOPERM|unknown command/i.test(error.message)
}

/**
 * ioredis and BullMQ ask for INFO; where it is not allowed they can do without. They also write to the console what they
 * think of the policy at every connection, so they do not see it; `call('info')` does.
 */
export function allowNoInfo(client: Redis | Cluster): void {
  const info = client.info.bind(client)
  const value = (...args: unknown[]) => {
    const answer = info().then(
      (text) => text.replace(/^maxmemory_policy:.*\r?\n/m, ''),
      (error) => {
        if (isForbidden(error)) return leastInfo
        throw error
      },
    )
    const callback = args.at(-1)
    if (isCallback(callback)) answer.then((text) => callback(null, text), callback)
    return answer
  }
  Object.defineProperty(client, 'info', { value, configurable: true, writable: true })
}

function isCallback(value: unknown): value is Callback<string> {
  return typeof value === 'function'
}
