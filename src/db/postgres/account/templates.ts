import { rememberGone, type TemplateRow, type Templates } from '../../templates.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { columnNames, forRows, recordset, selectList } from '../engine/statement.ts'
import { templates } from './tables.ts'

const columns = columnNames(templates)
const findSql = `select ${selectList(templates)} from templates where appid = $1 and template_id = $2`
const listSql = `select ${selectList(templates)} from templates where appid = $1 order by template_id`
const upsertSql = `insert into templates (${columns.join(', ')}) select * from ${recordset(templates, '$1')}
on conflict (appid, template_id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`
const isGoneSql =
  'select 1 from template_states where appid = $1 and template_id = $2 and gone_at is not null'
const noteGoneSql = `insert into template_states (appid, template_id, gone_at, probes)
select appid, template_id, $2::bigint, 0 from templates where appid = $1 and fetched_at < $2
on conflict (appid, template_id) do update set gone_at = excluded.gone_at`
const forgetGoneSql =
  'delete from template_states where appid = $1 and paused_reason is null and (gone_at is null or gone_at < $2)'
const deleteOlderSql = 'delete from templates where appid = $1 and fetched_at < $2'

/** The templates of one account as WeChat last listed them. */
export function createTemplates(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Templates {
  const fromStored = (row: TemplateRow): TemplateRow => ({ ...row, fetchedAt: fromServer(row.fetchedAt) })
  return {
    async find(templateId) {
      const [row] = await query<TemplateRow>(findSql, [appid, templateId])
      return row && fromStored(row)
    },
    async isGone(templateId) {
      return (await query(isGoneSql, [appid, templateId])).length > 0
    },
    async list() {
      return (await query<TemplateRow>(listSql, [appid])).map(fromStored)
    },
    async replace(listed, fetchedAt) {
      const time = toServer(fetchedAt)
      const rows = listed.map((template) => ({ ...template, appid, fetchedAt: time }))
      await write([
        forRows(upsertSql, rows),
        { sql: noteGoneSql, params: [appid, time] },
        { sql: deleteOlderSql, params: [appid, time] },
        { sql: forgetGoneSql, params: [appid, toServer(fetchedAt - rememberGone)] },
      ])
    },
  }
}
