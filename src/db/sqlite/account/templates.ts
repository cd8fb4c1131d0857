import { and, eq, lt, sql } from 'drizzle-orm'
import type { TemplateRow, Templates } from '../../templates.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { templates } from './tables.ts'

const told = ['title', 'content', 'example', 'primaryIndustry', 'deputyIndustry', 'fetchedAt'] as const

/** The templates of one account as WeChat last listed them. */
export function createTemplates(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Templates {
  const fetchedAt = sql.placeholder('fetchedAt')
  const isAccount = eq(templates.appid, appid)
  const find = read
    .select()
    .from(templates)
    .where(and(isAccount, eq(templates.templateId, sql.placeholder('templateId'))))
    .prepare()
  const list = read.select().from(templates).where(isAccount).orderBy(templates.templateId).prepare()
  const upsert = compileWrite<Omit<TemplateRow, 'appid'>>(
    read
      .insert(templates)
      .values({
        appid,
        ...placedAs('templateId', ...told),
      })
      .onConflictDoUpdate({
        target: [templates.appid, templates.templateId],
        set: asInserted(templates, ...told),
      }),
  )
  const deleteOlder = compileWrite<{ fetchedAt: number }>(
    read.delete(templates).where(and(isAccount, lt(templates.fetchedAt, fetchedAt))),
  )
  return {
    async find(templateId) {
      return find.get({ templateId })
    },
    async list() {
      return list.all()
    },
    async replace(listed, fetchedAt) {
      const rows = listed.map((template) => ({ ...template, fetchedAt }))
      await write([upsert.each(rows), deleteOlder.once({ fetchedAt })])
    },
  }
}
