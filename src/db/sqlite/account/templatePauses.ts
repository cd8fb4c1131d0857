import { and, eq, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import type { TemplatePause, TemplatePauses } from '../../templates.ts'
import { countChanged, isChanged } from '../engine/change.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { templateStates } from './tables.ts'

/** The templates of one account whose pushes wait. */
export function createTemplatePauses(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): TemplatePauses {
  const { pausedReason, pausedDetail, pausedSince, probeAt, probes } = templateStates
  const placed = placedAs('templateId', 'reason', 'detail', 'since', 'probeAt', 'nextProbeAt')
  const isAccount = eq(templateStates.appid, appid)
  const isTemplate = and(isAccount, eq(templateStates.templateId, sql.placeholder('templateId')))
  const list = prepareLater(
    read
      .select({
        templateId: templateStates.templateId,
        ...{ reason: pausedReason, detail: pausedDetail, since: pausedSince, probeAt, probes },
      })
      .from(templateStates)
      .where(and(isAccount, isNotNull(pausedReason)))
      .orderBy(templateStates.templateId),
  )
  const values = {
    ...{ appid, templateId: placed.templateId, probeAt: placed.probeAt, probes: 0 },
    ...{ pausedReason: placed.reason, pausedDetail: placed.detail, pausedSince: placed.since },
  }
  type Values = Omit<TemplatePause, 'probes'>
  const target = [templateStates.appid, templateStates.templateId]
  const pause = compileWrite<Values>(
    read
      .insert(templateStates)
      .values(values)
      .onConflictDoUpdate({
        target,
        set: asInserted(templateStates, 'pausedReason', 'pausedDetail', 'pausedSince', 'probeAt', 'probes'),
        setWhere: isNull(pausedReason),
      }),
  )
  const renew = compileWrite<Pick<Values, 'templateId' | 'reason' | 'detail'>>(
    read
      .update(templateStates)
      .set({ pausedReason: placed.reason, pausedDetail: placed.detail })
      .where(isTemplate),
  )
  const claimProbe = compileWrite<{ templateId: string; now: number; nextProbeAt: number }>(
    read
      .update(templateStates)
      .set({ probeAt: placed.nextProbeAt, probes: sql`${probes} + 1` })
      .where(and(isTemplate, isNotNull(pausedReason), lte(probeAt, sql.placeholder('now')))),
  )
  const resume = compileWrite<{ templateId: string }>(
    read
      .update(templateStates)
      .set({ pausedReason: null, pausedDetail: null, pausedSince: null, probeAt: null, probes: 0 })
      .where(and(isTemplate, isNotNull(pausedReason))),
  )
  return {
    list: async () => list.all().filter((row): row is TemplatePause => row.reason !== null),
    async pause(values) {
      const { templateId, reason, detail } = values
      return (
        (await countChanged(write, [pause.once(values), renew.once({ templateId, reason, detail })])) === 1
      )
    },
    claimProbe: (templateId, now, nextProbeAt) =>
      isChanged(write, [claimProbe.once({ templateId, now, nextProbeAt })]),
    resume: (templateId) => isChanged(write, [resume.once({ templateId })]),
  }
}
