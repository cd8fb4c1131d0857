/** How far the line is walked before what lies behind is let go. */
const keptBehind = 10_000

/** So many at once, the others wait in line. */
export function createSemaphore() {
  let underWay = 0
  let line: (() => void)[] = []
  let first = 0

  return {
    /** Undefined when there is a free slot: nothing to wait for. */
    acquire(atOnce: number): Promise<void> | undefined {
      if (underWay >= atOnce) return new Promise((resolve) => line.push(resolve))
      underWay++
      return undefined
    },

    /** Hands the slot on. */
    release(): void {
      const next = line[first]
      if (next) first++
      else underWay--
      if (!next || first === keptBehind) {
        line = line.slice(first)
        first = 0
      }
      next?.()
    },
  }
}
