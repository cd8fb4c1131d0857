import { and, eq, lt, sql } from 'drizzle-orm'
import type { TemplateRow, Templates } from '../../templates.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { templates } from './tables.ts'

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
        templateId: sql.placeholder('templateId'),
        title: sql.placeholder('title'),
        content: sql.placeholder('content'),
        example: sql.placeholder('example'),
        primaryIndustry: sql.placeholder('primaryIndustry'),
        deputyIndustry: sql.placeholder('deputyIndustry'),
        fetchedAt,
      })
      .onConflictDoUpdate({
        target: [templates.appid, templates.templateId],
        set: {
          title: sql`excluded.title`,
          content: sql`excluded.content`,
          example: sql`excluded.example`,
          primaryIndustry: sql`excluded.primary_industry`,
          deputyIndustry: sql`excluded.deputy_industry`,
          fetchedAt: sql`excluded.fetched_at`,
        },
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
