/** How far the line is walked before what lies behind is let go. */
const keptBehind = 10_000

export interface Semaphore {
  /** Undefined when there is a free slot: nothing to wait for. */
  acquire(atOnce: number): Promise<void> | undefined
  /** The same for those before whom whoever comes by `acquire` goes. */
  acquireLast(atOnce: number): Promise<void> | undefined
  /** Hands the slot on. */
  release(): void
}

/** So many at once, the others wait in line, those who come last behind all others. */
export function createSemaphore(): Semaphore {
  const line = createLine()
  const lastLine = createLine()
  let underWay = 0

  function acquireIn(waiting: Line, atOnce: number): Promise<void> | undefined {
    if (underWay >= atOnce) return new Promise((resolve) => waiting.add(resolve))
    underWay++
    return undefined
  }

  return {
    acquire: (atOnce: number) => acquireIn(line, atOnce),
    acquireLast: (atOnce: number) => acquireIn(lastLine, atOnce),
    release() {
      const next = line.take() ?? lastLine.take()
      if (!next) underWay--
      next?.()
    },
  }
}

interface Line {
  add(resolve: () => void): void
  take(): (() => void) | undefined
}

function createLine(): Line {
  let waiting: (() => void)[] = []
  let first = 0
  return {
    add: (resolve) => void waiting.push(resolve),
    take() {
      const next = waiting[first]
      if (next) first++
      if (first > 0 && (!next || first === keptBehind)) {
        waiting = waiting.slice(first)
        first = 0
      }
      return next
    },
  }
}
