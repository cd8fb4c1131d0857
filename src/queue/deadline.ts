import { every } from '../base/every.ts'

/** Nothing came of a promise in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

interface Waiting {
  deadline: number
  reject(error: DeadlineError): void
}

const interval = 100

/** Deadlines for many promises at once: one timer for all, because a timer each costs more than many a promise. */
export function createDeadlines() {
  const waiting = new Set<Waiting>()
  let stop: (() => void) | undefined

  function look(): void {
    const now = Date.now()
    for (const entry of waiting) {
      if (entry.deadline <= now) entry.reject(new DeadlineError('no answer in time'))
    }
    if (waiting.size > 0) return
    stop?.()
    stop = undefined
  }

  return {
    /** Settles as the promise does, or rejects with DeadlineError at about `deadline` (epoch milliseconds). */
    before<T>(deadline: number, promise: Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        const entry: Waiting = {
          deadline,
          reject(error) {
            waiting.delete(entry)
            reject(error)
          },
        }
        waiting.add(entry)
        stop ??= every(interval, look)
        promise.then(
          (value) => {
            waiting.delete(entry)
            resolve(value)
          },
          (error) => {
            waiting.delete(entry)
            reject(error)
          },
        )
      })
    },
  }
}
