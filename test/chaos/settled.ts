import type { World } from './world.ts'

/** How many calls each push had made when its record was first seen to be final: there must be no more. */
export function watchSettled({ database, arrivals }: World): { settled: Map<string, number>; stop(): void } {
  const settled = new Map<string, number>()

  let isLooking = false

  async function look(): Promise<void> {
    for (const { id, finished_at } of await database.rows()) {
      if (finished_at === null || settled.has(id)) continue
      settled.set(id, arrivals.filter(({ pushId }) => pushId === id).length)
    }
  }

  const timer = setInterval(async () => {
    if (isLooking) return
    isLooking = true
    // A full disk, or a server that is away, may keep it from being read for a while.
    await look().catch(() => {})
    isLooking = false
  }, 100)
  return { settled, stop: () => clearInterval(timer) }
}
