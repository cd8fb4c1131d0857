import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import { parseShare, toSize } from './share.ts'

/** Of one that goes on. */
export const resumed = { status: 'running', reason: null, detail: null } as const

/** From now on the audience is fixed: followers are those of this moment. False when another process was faster. */
export async function start(
  broadcasts: Pick<Broadcasts, 'change' | 'countFollowers' | 'lastFollower'>,
  row: BroadcastRow,
  now: number,
): Promise<boolean> {
  const selected = row.isFilled ? row.selected : await broadcasts.countFollowers(row.audience)
  const share = row.canaryShare === null ? undefined : parseShare(row.canaryShare)
  return broadcasts.change(row, {
    status: 'running',
    reason: null,
    detail: null,
    startedAt: now,
    fillUntil: row.isFilled ? 0 : await broadcasts.lastFollower(),
    selected,
    canarySize: share ? toSize(share, selected) : null,
    canaryState: share ? 'running' : null,
  })
}
