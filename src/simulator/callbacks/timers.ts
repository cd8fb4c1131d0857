export interface Timer {
  over: Promise<void>
  /** Ends it before its time. */
  end(): void
}

/** Waits that all end when they are closed, so that no timer outlives the simulator. */
export function createTimers() {
  const ends = new Set<() => void>()
  let isClosed = false

  return {
    start(ms: number): Timer {
      let end = () => {}
      const over = new Promise<void>((resolve) => {
        if (isClosed) return resolve()
        const wake = () => {
          clearTimeout(timer)
          ends.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        ends.add(wake)
        end = wake
      })
      return { over, end: () => end() }
    },

    close(): void {
      isClosed = true
      for (const end of ends) end()
    },
  }
}
