import { and, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import { rememberGone, type TemplateRow, type Templates } from '../../templates.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { templateStates, templates } from './tables.ts'

const told = ['title', 'content', 'example', 'primaryIndustry', 'deputyIndustry', 'fetchedAt'] as const

/** The templates of one account as WeChat last listed them. */
export function createTemplates(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Templates {
  const fetchedAt = sql.placeholder('fetchedAt')
  const isAccount = eq(templates.appid, appid)
  const find = prepareLater(
    read
      .select()
      .from(templates)
      .where(and(isAccount, eq(templates.templateId, sql.placeholder('templateId')))),
  )
  const list = prepareLater(read.select().from(templates).where(isAccount).orderBy(templates.templateId))
  const isGone = prepareLater(
    read
      .select({ goneAt: templateStates.goneAt })
      .from(templateStates)
      .where(
        and(
          eq(templateStates.appid, appid),
          eq(templateStates.templateId, sql.placeholder('templateId')),
          isNotNull(templateStates.goneAt),
        ),
      ),
  )
  const noteGone = compileWrite<{ fetchedAt: number }>(
    read
      .insert(templateStates)
      .select(
        sql`select ${templates.appid}, ${templates.templateId}, ${fetchedAt}, null, null, null, null, 0 from ${templates} where ${isAccount} and ${lt(templates.fetchedAt, fetchedAt)}`,
      )
      .onConflictDoUpdate({
        target: [templateStates.appid, templateStates.templateId],
        set: asInserted(templateStates, 'goneAt'),
      }),
  )
  const forgetGone = compileWrite<{ before: number }>(
    read
      .delete(templateStates)
      .where(
        and(
          eq(templateStates.appid, appid),
          isNull(templateStates.pausedReason),
          or(isNull(templateStates.goneAt), lt(templateStates.goneAt, sql.placeholder('before'))),
        ),
      ),
  )
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
    async isGone(templateId) {
      return isGone.get({ templateId }) !== undefined
    },
    async list() {
      return list.all()
    },
    async replace(listed, fetchedAt) {
      const rows = listed.map((template) => ({ ...template, fetchedAt }))
      await write([
        upsert.each(rows),
        noteGone.once({ fetchedAt }),
        deleteOlder.once({ fetchedAt }),
        forgetGone.once({ before: fetchedAt - rememberGone }),
      ])
    },
  }
}
