import type { CallbackCounts, CallbackStats } from './counts.ts'
import type { CallbackEventName } from './event.ts'

const rememberedLatencies = 10_000

/** How the callback server did. */
export function createCallbackStats() {
  const events: CallbackStats['events'] = {}
  const state: Omit<CallbackStats, 'events' | 'latencyMs'> = { pending: 0, pauses: 0, lastProblem: null }
  const latencies = new Float64Array(rememberedLatencies)
  let answers = 0

  return {
    state,

    of(event: CallbackEventName): CallbackCounts {
      events[event] ??= { raised: 0, copies: 0, posts: 0, retries: 0, acknowledged: 0, dropped: 0 }
      return events[event]
    },

    recordLatency(ms: number): void {
      latencies[answers++ % rememberedLatencies] = ms
    },

    read(): CallbackStats {
      const sorted = latencies.slice(0, answers).sort()
      const toQuantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? null
      return {
        events: structuredClone(events),
        latencyMs: { p50: toQuantile(0.5), p99: toQuantile(0.99), max: sorted.at(-1) ?? null },
        ...state,
      }
    },
  }
}
