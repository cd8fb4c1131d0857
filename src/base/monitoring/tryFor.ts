import { setTimeout as sleep } from 'node:timers/promises'

/** What `work` resolves with; undefined when it rejects, or takes longer than `patience` milliseconds. */
export async function tryFor<T>(patience: number, work: Promise<T>): Promise<{ value: T } | undefined> {
  const ended = new AbortController()
  const tooLong = sleep(patience, undefined, { signal: ended.signal }).catch(() => undefined)
  const done = work.then(
    (value) => ({ value }),
    () => undefined,
  )
  try {
    return await Promise.race([done, tooLong])
  } finally {
    ended.abort()
  }
}
