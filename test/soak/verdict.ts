import type { Sample } from './samples.ts'

/** How much more the last third may have than the first, as a share and besides in units of its own. */
const tolerances = {
  // Between two sweeps of the old generation a process grows by 70 MB and shrinks again.
  workerMb: { share: 0.15, more: 30 },
  serverMb: { share: 0.15, more: 30 },
  workerHandles: { share: 0, more: 8 },
  // WeChat's connections come and go.
  serverHandles: { share: 0, more: 40 },
  waiting: { share: 0, more: 600 },
  // Locks of jobs under way.
  redisKeys: { share: 0, more: 200 },
  redisBytesPerPush: { share: 0.05, more: 0 },
  databaseBytesPerPush: { share: 0.05, more: 0 },
} as const satisfies Partial<Record<keyof Sample, { share: number; more: number }>>

export type Growth = Record<keyof typeof tolerances, { first: number; last: number; allowed: number }>

/** Medians of the first and the last third of the samples. */
export function compareThirds(samples: readonly Sample[]): Growth {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const entries = Object.entries(tolerances).map(([name, { share, more }]) => {
    const values = samples.map((sample) => Number(Object.entries(sample).find(([key]) => key === name)?.[1]))
    const first = toMedian(values.slice(0, third))
    const last = toMedian(values.slice(-third))
    return [name, { first, last, allowed: Math.round(first * (1 + share) + more) }] as const
  })
  return Object.fromEntries(entries) as Growth
}

export function findGrowth(growth: Growth): string[] {
  return Object.entries(growth)
    .filter(([, { last, allowed }]) => last > allowed)
    .map(
      ([name, { first, last, allowed }]) => `${name} grew from ${first} to ${last}, allowed are ${allowed}`,
    )
}

interface Books {
  asked: number
  /** By status. */
  rows: Record<string, number>
  jobsLeft: number
  accepted: number
  /** Receipts that no try brought to the server. */
  dropped: number
}

/** Where the books of the whole run do not add up. */
export function audit({ asked, rows, jobsLeft, accepted, dropped }: Books): string[] {
  const { sent = 0, delivered = 0, undelivered = 0, unknown = 0, rejected = 0, skipped = 0 } = rows
  const arrived = sent + delivered + undelivered
  const ended = arrived + unknown + rejected + skipped
  const all = Object.values(rows).reduce((a, b) => a + b, 0)
  return [
    ...(jobsLeft > 0 ? [`${jobsLeft} jobs are left in the queue`] : []),
    ...(all === asked ? [] : [`${asked} pushes were asked for, ${all} are on record`]),
    ...(ended === all ? [] : [`${all - ended} records are not final`]),
    ...(arrived <= accepted && accepted <= arrived + unknown
      ? []
      : [`WeChat accepted ${accepted} messages, ${arrived} are on record as sent and ${unknown} as unknown`]),
    ...(sent <= dropped ? [] : [`${sent} messages have no receipt on record, ${dropped} receipts were lost`]),
    ...(skipped + rejected > 0
      ? [`${skipped} skipped and ${rejected} rejected, although all could be sent`]
      : []),
  ]
}

function toMedian(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
