import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { CallbackStats } from '../callbacks/counts.ts'
import type { Call } from '../platform/answers.ts'
import type { SimulatorStats } from './simulatorStats.ts'

interface Sources {
  accepted: { accepted: number; duplicates: number; maxSends: number }
  tokens: { fetches: number; issued: number }
  users: { batchgetOpenids: number; cursors: Record<string, number> }
  faults: { hits: number }
  callbacks: () => CallbackStats
}

/** What the simulator saw: the second book beside the one a client keeps. */
export function createStats(sources: Sources) {
  const calls: Record<string, number> = {}
  const errcodes: Record<string, Record<string, number>> = {}
  const connections = { open: 0, total: 0 }
  const inFlight = { now: 0, peak: 0 }

  return {
    countCall(path: string, response: ServerResponse): void {
      calls[path] = (calls[path] ?? 0) + 1
      inFlight.now++
      if (inFlight.now > inFlight.peak) inFlight.peak = inFlight.now
      response.once('close', () => {
        inFlight.now--
      })
    },

    countAnswer({ path, errcode }: Call): void {
      const ofPath = errcodes[path] ?? {}
      ofPath[errcode] = (ofPath[errcode] ?? 0) + 1
      errcodes[path] = ofPath
    },

    countConnection(socket: Socket): void {
      connections.open++
      connections.total++
      socket.once('close', () => {
        connections.open--
      })
    },

    read(): SimulatorStats {
      return structuredClone({
        calls,
        errcodes,
        accepted: sources.accepted.accepted,
        duplicates: sources.accepted.duplicates,
        maxSendsPerClientMsgId: sources.accepted.maxSends,
        tokens: { ...sources.tokens },
        batchgetOpenids: sources.users.batchgetOpenids,
        cursors: { ...sources.users.cursors },
        connections,
        inFlight,
        faultHits: sources.faults.hits,
        callbacks: sources.callbacks(),
      })
    },
  }
}
