/** Wakes all who wait, at the latest after `interval` ms: one timer for them all, and nothing is kept of who has left. */
export function createWakeup(interval: number) {
  let next: Promise<void> | undefined
  let wake = () => {}

  return {
    next(): Promise<void> {
      next ??= new Promise((resolve) => {
        const timer = setTimeout(() => wake(), interval)
        wake = () => {
          clearTimeout(timer)
          next = undefined
          resolve()
        }
      })
      return next
    },
    wake: () => wake(),
  }
}
