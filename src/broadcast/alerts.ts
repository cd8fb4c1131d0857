import type { Log } from '../base/log.ts'
import type { BroadcastCount } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import type { BroadcastAlert } from '../health/alertText.ts'

/** What people are told of broadcasts without asking. */
export function createBroadcastAlerts({ alert, log }: { alert(change: BroadcastAlert): void; log: Log }) {
  return {
    /** It is paused, and by nobody. */
    paused({ id: broadcast, name, reason, detail }: BroadcastRow): void {
      log.warn({ broadcast, reason, detail }, 'broadcast paused')
      alert({ kind: 'broadcast_paused', broadcast, name, reason: reason ?? '', detail: detail ?? '' })
    },
    finished({ id: broadcast, name, reason, selected }: BroadcastRow, counts: BroadcastCount[]): void {
      const accepted = counts
        .filter(({ status }) => status === 'sent' || status === 'delivered' || status === 'undelivered')
        .reduce((sum, { total }) => sum + total, 0)
      log.info({ broadcast, selected, accepted, reason }, 'broadcast finished')
      alert({ kind: 'broadcast_finished', broadcast, name, selected, accepted })
    },
  }
}
