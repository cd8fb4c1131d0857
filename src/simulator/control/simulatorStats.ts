import type { CallbackStats } from '../callbacks/counts.ts'

export interface SimulatorStats {
  /** Requests by path, control calls left out. */
  calls: Record<string, number>
  /** Answers by path and errcode; success counts under "0". */
  errcodes: Record<string, Record<string, number>>
  accepted: number
  /** Sends answered from the client_msg_id rule. */
  duplicates: number
  /** The most often one (openid, client_msg_id) has arrived. */
  maxSendsPerClientMsgId: number
  /** Successful fetches over both token endpoints, and how many different tokens they gave. */
  tokens: { fetches: number; issued: number }
  batchgetOpenids: number
  /** How often each next_openid was asked; "" is the start. */
  cursors: Record<string, number>
  connections: { open: number; total: number }
  inFlight: { now: number; peak: number }
  faultHits: number
  callbacks: CallbackStats
}
