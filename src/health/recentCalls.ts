import { second } from '../base/duration.ts'

/** `failed`: no usable answer, or none yet because WeChat is busy. `passed`: any other answer about the push. */
export type CallResult = 'passed' | 'busy' | 'failed'

/** What became of the latest sends of this process: tells an outage from a fault of one push. */
export interface RecentCalls {
  add(pushId: string, result: CallResult): void
  /** Several pushes in a row failed and none has passed since. */
  isOutage(): boolean
  /** Others have passed since this push was tried last, and few of them fail: what it meets is its own trouble. */
  othersPass(pushId: string): boolean
}

const remembered = 100
const rareShare = 0.1
/** Different pushes, because one that is never answered says nothing about the others. */
const pushesOfOutage = 3
/** A limit of calls per second that is refused as "busy" lets some pass within a second. */
const longestRefusal = 1.5 * second

export function createRecentCalls(now: () => number = Date.now): RecentCalls {
  const calls: { id: string; result: CallResult }[] = []
  const failing = { all: new Set<string>(), unanswered: new Set<string>() }
  let next = 0
  let passedAt = 0

  return {
    add(id, result) {
      calls[next] = { id, result }
      next = (next + 1) % remembered
      if (result === 'passed') {
        passedAt = now()
        failing.all.clear()
        failing.unanswered.clear()
      } else if (failing.all.size < remembered) {
        failing.all.add(id)
        if (result === 'failed') failing.unanswered.add(id)
      }
    },
    isOutage() {
      if (failing.unanswered.size >= pushesOfOutage) return true
      return failing.all.size >= pushesOfOutage && Math.abs(now() - passedAt) >= longestRefusal
    },
    othersPass(id) {
      const latestFirst = [...calls.slice(next), ...calls.slice(0, next)].reverse()
      const last = latestFirst.findIndex((call) => call.id === id)
      const since = last < 0 ? latestFirst : latestFirst.slice(0, last)
      const others = latestFirst.filter((call) => call.id !== id)
      const failed = others.filter(({ result }) => result !== 'passed').length
      return since.some(({ result }) => result === 'passed') && failed < others.length * rareShare
    },
  }
}
