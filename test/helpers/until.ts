import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves with whether the condition became true within `patience` milliseconds; it is looked at every 20 ms. */
export async function until(condition: () => boolean | Promise<boolean>, patience: number): Promise<boolean> {
  for (const deadline = performance.now() + patience; ; await sleep(20)) {
    if (await condition()) return true
    if (performance.now() > deadline) return false
  }
}
