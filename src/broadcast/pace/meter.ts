import { second } from '../../base/duration.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastRow } from '../../db/broadcasts/row.ts'

interface MeterDeps {
  broadcasts: Pick<Broadcasts, 'counts'>
  change(row: BroadcastRow, next: BroadcastChange): Promise<boolean>
}

/** How fast broadcasts were in the last ten seconds. */
export function createMeter({ broadcasts, change }: MeterDeps) {
  const samplesOf = new Map<string, { at: number; ended: number }[]>()

  return { measure, forget: (id: string) => samplesOf.delete(id) }

  async function measure(row: BroadcastRow, now: number): Promise<void> {
    const samples = samplesOf.get(row.id) ?? []
    samplesOf.set(row.id, samples)
    const last = samples.at(-1)
    if (last && now - last.at < second) return
    const counts = await broadcasts.counts(row.no)
    const ended = counts.reduce((sum, { total }) => sum + total, 0)
    samples.push({ at: now, ended })
    if (samples.length > 10) samples.shift()
    const [first] = samples
    if (!first || first.at === now) return
    const perSecond = Math.round(((ended - first.ended) * 10 * second) / (now - first.at)) / 10
    if (perSecond !== row.perSecond) await change(row, { perSecond: Math.max(0, perSecond) })
  }
}
