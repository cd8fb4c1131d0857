import { and, eq, isNotNull, isNull, lte, ne, sql } from 'drizzle-orm'
import { manualPause, type PauseReason } from '../../../push/status.ts'
import type { AccountState, Pause } from '../../accountState.ts'
import { isChanged } from '../engine/change.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { running } from './accountPause.ts'
import { accountState } from './tables.ts'

/** The way out of a pause: a probe, then one push that is tried. */
export function createAccountTrial(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<AccountState, 'claimProbe' | 'startTrial' | 'refuseTrial' | 'endTrial'> {
  const { pausedReason, probeAt, probes } = accountState
  const placed = placedAs('reason', 'detail', 'probeAt', 'nextProbeAt')
  const isPaused = and(eq(accountState.appid, appid), isNotNull(pausedReason))
  const inTrial = and(isPaused, ne(pausedReason, manualPause), isNull(probeAt))
  const claimProbe = compileWrite<{ now: number; nextProbeAt: number }>(
    read
      .update(accountState)
      .set({ probeAt: placed.nextProbeAt, probes: sql`${probes} + 1` })
      .where(and(isPaused, lte(probeAt, sql.placeholder('now')))),
  )
  const startTrial = compileWrite<{ reason: PauseReason }>(
    read
      .update(accountState)
      .set({ probeAt: null })
      .where(and(isPaused, eq(pausedReason, sql.placeholder('reason')))),
  )
  const refuseTrial = compileWrite<Omit<Pause, 'since'>>(
    read
      .update(accountState)
      .set({ pausedReason: placed.reason, pausedDetail: placed.detail, probeAt: placed.probeAt })
      .where(inTrial),
  )
  const endTrial = compileWrite(read.update(accountState).set(running).where(inTrial))
  return {
    claimProbe: (now, nextProbeAt) => isChanged(write, [claimProbe.once({ now, nextProbeAt })]),
    startTrial: (reason) => isChanged(write, [startTrial.once({ reason })]),
    refuseTrial: (values) => isChanged(write, [refuseTrial.once(values)]),
    endTrial: () => isChanged(write, [endTrial.once({})]),
  }
}
