import type { TemplateRow, Templates } from '../templates.ts'
import type { PostgresDatabase } from './engine/open.ts'
import { columnNames, forRows, recordset, selectList } from './engine/statement.ts'
import { templates } from './schema.ts'

const columns = columnNames(templates)
const findSql = `select ${selectList(templates)} from templates where appid = $1 and template_id = $2`
const listSql = `select ${selectList(templates)} from templates where appid = $1 order by template_id`
const upsertSql = `insert into templates (${columns.join(', ')}) select * from ${recordset(templates, '$1')}
on conflict (appid, template_id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`
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
    async list() {
      return (await query<TemplateRow>(listSql, [appid])).map(fromStored)
    },
    async replace(listed, fetchedAt) {
      const time = toServer(fetchedAt)
      const rows = listed.map((template) => ({ ...template, appid, fetchedAt: time }))
      await write([forRows(upsertSql, rows), { sql: deleteOlderSql, params: [appid, time] }])
    },
  }
}
