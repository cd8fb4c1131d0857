import type { TemplatePause, TemplatePauses } from '../../templates.ts'
import type { PostgresDatabase } from '../engine/open.ts'

const isTemplate = 'appid = $1 and template_id = $2'
const listSql = `select template_id as "templateId", paused_reason as reason, paused_detail as detail,
  paused_since as since, probe_at as "probeAt", probes
from template_states where appid = $1 and paused_reason is not null order by template_id`
const pauseSql = `insert into template_states (appid, template_id, paused_reason, paused_detail, paused_since, probe_at, probes)
values ($1, $2, $3, $4, $5, $6, 0)
on conflict (appid, template_id) do update set paused_reason = excluded.paused_reason,
  paused_detail = excluded.paused_detail, paused_since = excluded.paused_since, probe_at = excluded.probe_at, probes = 0
where template_states.paused_reason is null`
const renewSql = `update template_states set paused_reason = $3, paused_detail = $4 where ${isTemplate}`
const claimProbeSql = `update template_states set probe_at = $4, probes = probes + 1
where ${isTemplate} and paused_reason is not null and probe_at <= $3`
const resumeSql = `update template_states set paused_reason = null, paused_detail = null, paused_since = null,
  probe_at = null, probes = 0
where ${isTemplate} and paused_reason is not null`

/** The templates of one account whose pushes wait, by the clock of the server. */
export function createTemplatePauses(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): TemplatePauses {
  async function change(...statements: { sql: string; params: unknown[] }[]): Promise<boolean> {
    const [result] = await write(statements)
    return result?.changes === 1
  }
  return {
    async list() {
      const rows = await query<TemplatePause>(listSql, [appid])
      return rows.map((row) => ({ ...row, since: fromServer(row.since), probeAt: fromServer(row.probeAt) }))
    },
    pause({ templateId, reason, detail, since, probeAt }) {
      const named = [appid, templateId, reason, detail]
      return change(
        { sql: pauseSql, params: [...named, toServer(since), toServer(probeAt)] },
        { sql: renewSql, params: named },
      )
    },
    claimProbe: (templateId, now, nextProbeAt) =>
      change({ sql: claimProbeSql, params: [appid, templateId, toServer(now), toServer(nextProbeAt)] }),
    resume: (templateId) => change({ sql: resumeSql, params: [appid, templateId] }),
  }
}
