import { and, eq, sql } from 'drizzle-orm'
import type { AccountState, Slowdown } from '../../accountState.ts'
import { isChanged } from '../engine/change.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { accountState } from './tables.ts'

/** The pace that all workers of an account keep together. */
export function createAccountRate(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<AccountState, 'slowDown' | 'setRate'> {
  const placed = placedAs('rate', 'refusedRate', 'refusedAt', 'at', 'apart')
  const slowDown = compileWrite<Slowdown>(
    read
      .insert(accountState)
      .values({ appid, probes: 0, rate: placed.rate, refusedRate: placed.refusedRate, refusedAt: placed.at })
      .onConflictDoUpdate({
        target: accountState.appid,
        set: asInserted(accountState, 'rate', 'refusedRate', 'refusedAt'),
        setWhere: sql`${accountState.rate} is null or ${accountState.refusedAt} is null
          or abs(${accountState.refusedAt} - excluded.refused_at) >= ${placed.apart}`,
      }),
  )
  const setRate = compileWrite<{ rate: number | null; refusedAt: number | null }>(
    read
      .update(accountState)
      .set({ rate: placed.rate })
      .where(and(eq(accountState.appid, appid), sql`${accountState.refusedAt} is ${placed.refusedAt}`)),
  )
  return {
    slowDown: (values) => isChanged(write, [slowDown.once(values)]),
    setRate: (rate, refusedAt) => isChanged(write, [setRate.once({ rate, refusedAt })]),
  }
}
