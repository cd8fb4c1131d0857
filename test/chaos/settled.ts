import type { World } from './world.ts'

/** How many calls each push had made when its record was first seen to be final: there must be no more. */
export function watchSettled({ disk, arrivals }: World): { settled: Map<string, number>; stop(): void } {
  const settled = new Map<string, number>()

  function look(): void {
    for (const { id, finished_at } of disk.rows()) {
      if (finished_at === null || settled.has(id)) continue
      settled.set(id, arrivals.filter(({ pushId }) => pushId === id).length)
    }
  }

  const timer = setInterval(() => {
    try {
      look()
    } catch {
      // A full disk may keep it from being read for a while.
    }
  }, 100)
  return { settled, stop: () => clearInterval(timer) }
}
