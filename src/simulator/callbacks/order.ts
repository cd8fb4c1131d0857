import type { createTimers } from './timers.ts'

const longestHold = 1_000

/** In which order events are posted: those of one person as they came, but for what a script lets be overtaken. */
export function createOrder(timers: Pick<ReturnType<typeof createTimers>, 'start'>) {
  /** The latest event of each person. */
  const lanes = new Map<string, Promise<void>>()
  const holds = new Set<{ left: number; end: () => void }>()

  return {
    /** A follow and the unfollow a moment later carry the same second: only their order tells what is true now. */
    async afterOthersOf(openid: string, post: () => Promise<void>): Promise<void> {
      const posted = (lanes.get(openid) ?? Promise.resolve()).then(post)
      lanes.set(openid, posted)
      await posted
      if (lanes.get(openid) === posted) lanes.delete(openid)
    },

    /** Resolves when so many others were acknowledged, at the latest after a second. */
    async untilOvertaken(count: number): Promise<void> {
      const { over, end } = timers.start(longestHold)
      const held = { left: count, end }
      holds.add(held)
      await over
      holds.delete(held)
    },

    noteAcknowledged(): void {
      for (const held of holds) if (--held.left === 0) held.end()
    },
  }
}
