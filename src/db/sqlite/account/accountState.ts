import { and, eq, isNotNull, isNull, lte, ne, sql } from 'drizzle-orm'
import { manualPause, type PauseReason } from '../../../push/status.ts'
import type { AccountState, Pause, Slowdown } from '../../accountState.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { accountState } from './tables.ts'

/** What all workers of one account have to know: whether it is paused, why, and its pace. */
export function createAccountState(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): AccountState {
  const placeholder = (name: string) => sql`${sql.placeholder(name)}`
  const isAccount = eq(accountState.appid, appid)
  const running = {
    pausedReason: null,
    pausedDetail: null,
    pausedSince: null,
    probeAt: null,
    probes: 0,
  }
  const find = read.select().from(accountState).where(isAccount).prepare()
  const isPaused = isNotNull(accountState.pausedReason)
  const pause = compileWrite<Pause>(
    read
      .insert(accountState)
      .values({
        appid,
        pausedReason: placeholder('reason'),
        pausedDetail: placeholder('detail'),
        pausedSince: placeholder('since'),
        probeAt: placeholder('probeAt'),
        probes: 0,
      })
      .onConflictDoUpdate({
        target: accountState.appid,
        set: {
          pausedReason: sql`excluded.paused_reason`,
          pausedDetail: sql`excluded.paused_detail`,
          pausedSince: sql`excluded.paused_since`,
          probeAt: sql`excluded.probe_at`,
          probes: 0,
        },
        setWhere: isNull(accountState.pausedReason),
      }),
  )
  const claimProbe = compileWrite<{ now: number; nextProbeAt: number }>(
    read
      .update(accountState)
      .set({ probeAt: placeholder('nextProbeAt'), probes: sql`${accountState.probes} + 1` })
      .where(and(isAccount, isPaused, lte(accountState.probeAt, sql.placeholder('now')))),
  )
  const pauseByHand = compileWrite<Pick<Pause, 'detail' | 'since'>>(
    read
      .insert(accountState)
      .values({
        appid,
        pausedReason: manualPause,
        pausedDetail: placeholder('detail'),
        pausedSince: placeholder('since'),
        probes: 0,
      })
      .onConflictDoUpdate({
        target: accountState.appid,
        set: {
          pausedReason: manualPause,
          pausedDetail: sql`excluded.paused_detail`,
          pausedSince: sql`excluded.paused_since`,
          probeAt: null,
          probes: 0,
        },
        setWhere: sql`${accountState.pausedReason} is not excluded.paused_reason`,
      }),
  )
  const inTrial = and(
    isAccount,
    isPaused,
    ne(accountState.pausedReason, manualPause),
    isNull(accountState.probeAt),
  )
  const startTrial = compileWrite<{ reason: PauseReason }>(
    read
      .update(accountState)
      .set({ probeAt: null })
      .where(and(isAccount, eq(accountState.pausedReason, sql.placeholder('reason')))),
  )
  const refuseTrial = compileWrite<Omit<Pause, 'since'>>(
    read
      .update(accountState)
      .set({
        pausedReason: placeholder('reason'),
        pausedDetail: placeholder('detail'),
        probeAt: placeholder('probeAt'),
      })
      .where(inTrial),
  )
  const endTrial = compileWrite(read.update(accountState).set(running).where(inTrial))
  const resume = compileWrite(read.update(accountState).set(running).where(and(isAccount, isPaused)))
  const slowDown = compileWrite<Slowdown>(
    read
      .insert(accountState)
      .values({
        appid,
        ...running,
        rate: placeholder('rate'),
        refusedRate: placeholder('refusedRate'),
        refusedAt: placeholder('at'),
      })
      .onConflictDoUpdate({
        target: accountState.appid,
        set: {
          rate: sql`excluded.rate`,
          refusedRate: sql`excluded.refused_rate`,
          refusedAt: sql`excluded.refused_at`,
        },
        setWhere: sql`${accountState.rate} is null or ${accountState.refusedAt} is null
          or abs(${accountState.refusedAt} - excluded.refused_at) >= ${sql.placeholder('apart')}`,
      }),
  )
  const setRate = compileWrite<{ rate: number | null; refusedAt: number | null }>(
    read
      .update(accountState)
      .set({ rate: placeholder('rate') })
      .where(and(isAccount, sql`${accountState.refusedAt} is ${sql.placeholder('refusedAt')}`)),
  )
  return {
    async find() {
      return find.get()
    },
    async pause(values) {
      const [result] = await write([pause.once(values)])
      return result?.changes === 1
    },
    async claimProbe(now, nextProbeAt) {
      const [result] = await write([claimProbe.once({ now, nextProbeAt })])
      return result?.changes === 1
    },
    async pauseByHand(values) {
      const [result] = await write([pauseByHand.once(values)])
      return result?.changes === 1
    },
    async startTrial(reason) {
      const [result] = await write([startTrial.once({ reason })])
      return result?.changes === 1
    },
    async refuseTrial(values) {
      const [result] = await write([refuseTrial.once(values)])
      return result?.changes === 1
    },
    async endTrial() {
      const [result] = await write([endTrial.once({})])
      return result?.changes === 1
    },
    async resume() {
      const [result] = await write([resume.once({})])
      return result?.changes === 1
    },
    async slowDown(values) {
      const [result] = await write([slowDown.once(values)])
      return result?.changes === 1
    },
    async setRate(rate, refusedAt) {
      const [result] = await write([setRate.once({ rate, refusedAt })])
      return result?.changes === 1
    },
  }
}
