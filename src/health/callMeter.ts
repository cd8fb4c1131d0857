import { minute, second } from '../base/duration.ts'
import type { Calls } from './rateMath.ts'

const slotLength = 100
const slotsPerSecond = second / slotLength
const slotsPerMinute = minute / slotLength

/** Counts the calls of this process over the last second and the last minute. */
export function createCallMeter() {
  const slots = Array.from({ length: slotsPerMinute }, () => ({ time: -1, accepted: 0, all: 0 }))

  function sum(length: number): { accepted: number; all: number } {
    const now = Math.floor(Date.now() / slotLength)
    let accepted = 0
    let all = 0
    for (const slot of slots) {
      if (slot.time <= now - length || slot.time > now) continue
      accepted += slot.accepted
      all += slot.all
    }
    return { accepted, all }
  }

  return {
    count(isAccepted: boolean): void {
      const time = Math.floor(Date.now() / slotLength)
      const slot = slots[time % slotsPerMinute]
      if (!slot) return
      if (slot.time !== time) Object.assign(slot, { time, accepted: 0, all: 0 })
      slot.all += 1
      if (isAccepted) slot.accepted += 1
    },
    read: (): Calls => ({ inSecond: sum(slotsPerSecond), inMinute: sum(slotsPerMinute) }),
  }
}
