import type { Log } from '../base/log.ts'
import { DatabaseError } from '../db/databaseError.ts'

/** Messages that are being posted. */
export function createUnderWay(log: Log) {
  const all = new Set<Promise<void>>()
  let onFreed = () => {}

  return {
    count: () => all.size,
    /** `release` gets what became of it, undefined = nobody could write that down. */
    run<T>(work: Promise<T>, release: (result: T | undefined) => void): void {
      const running = work
        .catch((error) => {
          if (error instanceof DatabaseError)
            log.debug({ err: error }, 'what became of a webhook could not be written')
          else log.error({ err: error }, 'unexpected error with a webhook')
          return undefined
        })
        .then((result) => {
          all.delete(running)
          release(result)
          onFreed()
        })
      all.add(running)
    },
    /** Resolves after so many milliseconds, or when one has ended, or at once by `wake`. */
    rest: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        onFreed = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
    wake: () => onFreed(),
    async idle(): Promise<void> {
      await Promise.all(all)
    },
  }
}
