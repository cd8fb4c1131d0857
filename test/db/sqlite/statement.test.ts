import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { compileWrite } from '../../../src/db/sqlite/engine/statement.ts'

const things = sqliteTable('things', {
  name: text('name').notNull(),
  isGood: integer('is_good', { mode: 'boolean' }),
  tags: text('tags', { mode: 'json' }).$type<number[]>(),
  kind: text('kind').notNull(),
})

interface Thing {
  name: string
  isGood?: boolean | undefined
  tags?: number[] | undefined
}

const insert = compileWrite<Thing>(
  drizzle
    .mock()
    .insert(things)
    .values({
      name: sql.placeholder('name'),
      isGood: sql.placeholder('isGood'),
      tags: sql.placeholder('tags'),
      kind: 'plain',
    }),
)
const insertSql = 'insert into "things" ("name", "is_good", "tags", "kind") values (?, ?, ?, ?)'

test('values are bound as their columns store them', () => {
  expect(insert.once({ name: 'a', isGood: false, tags: [1, 2] })).toEqual({
    sql: insertSql,
    params: ['a', 0, '[1,2]', 'plain'],
  })
})

test('absent values are bound as null, also where the column stores them otherwise', () => {
  expect(insert.once({ name: 'a', isGood: undefined })).toEqual({
    sql: insertSql,
    params: ['a', null, null, 'plain'],
  })
})

test('rows take what they have in common from one place, and their own value first', () => {
  const common = { isGood: true, name: 'common' }
  const rows = [{ tags: [3] }, { name: 'own' }]
  expect(insert.eachWith(common, rows)).toEqual({
    sql: insertSql,
    rows: [
      ['common', 1, '[3]', 'plain'],
      ['own', 1, null, 'plain'],
    ],
  })
  expect(insert.each([])).toEqual({ sql: insertSql, rows: [] })
})
