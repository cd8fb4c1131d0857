import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import { manualPause } from '../../../push/status.ts'
import type { AccountState, Pause } from '../../accountState.ts'
import { isChanged } from '../engine/change.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { accountState } from './tables.ts'

/** The columns of an account that sends. */
export const running = {
  pausedReason: null,
  pausedDetail: null,
  pausedSince: null,
  probeAt: null,
  probes: 0,
}

/** Pauses that begin, and their end whatever they are for. */
export function createAccountPause(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<AccountState, 'pause' | 'pauseByHand' | 'resume'> {
  const { pausedReason } = accountState
  const { reason, detail, since, probeAt } = placedAs('reason', 'detail', 'since', 'probeAt')
  const pause = compileWrite<Pause>(
    read
      .insert(accountState)
      .values({ appid, pausedReason: reason, pausedDetail: detail, pausedSince: since, probeAt, probes: 0 })
      .onConflictDoUpdate({
        target: accountState.appid,
        set: asInserted(accountState, 'pausedReason', 'pausedDetail', 'pausedSince', 'probeAt', 'probes'),
        setWhere: isNull(pausedReason),
      }),
  )
  const pauseByHand = compileWrite<Pick<Pause, 'detail' | 'since'>>(
    read
      .insert(accountState)
      .values({ appid, ...running, pausedReason: manualPause, pausedDetail: detail, pausedSince: since })
      .onConflictDoUpdate({
        target: accountState.appid,
        set: asInserted(accountState, 'pausedReason', 'pausedDetail', 'pausedSince', 'probeAt', 'probes'),
        setWhere: sql`${pausedReason} is not excluded.paused_reason`,
      }),
  )
  const resume = compileWrite(
    read
      .update(accountState)
      .set(running)
      .where(and(eq(accountState.appid, appid), isNotNull(pausedReason))),
  )
  return {
    pause: (values) => isChanged(write, [pause.once(values)]),
    pauseByHand: (values) => isChanged(write, [pauseByHand.once(values)]),
    resume: () => isChanged(write, [resume.once({})]),
  }
}
