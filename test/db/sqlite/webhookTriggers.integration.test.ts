import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTestDatabase } from '../../helpers/database.ts'
import { makeDir } from '../../helpers/pushing.ts'

test('triggers slow sends only where somebody wants to be told, and are those of this version', async () => {
  const database = await openTestDatabase(join(await makeDir(), 'test.db'))
  const webhooks = database.webhooks()
  const triggers = () =>
    database.read.$client
      .prepare<[], { name: string; sql: string }>(
        "select name, sql from sqlite_master where type = 'trigger' and name like '%told%' order by name",
      )
      .all()
  expect(triggers()).toEqual([])
  await webhooks.turnOn()
  const made = triggers()
  expect(made.map(({ name }) => name)).toContain('pushes_told_changed')

  const old = 'CREATE TRIGGER sync_told AFTER UPDATE ON sync_runs BEGIN SELECT 1; END'
  await database.write([
    { sql: 'drop trigger sync_told', params: [] },
    { sql: old, params: [] },
  ])
  await webhooks.turnOn()
  expect(triggers()).toEqual(made)

  await webhooks.turnOff()
  expect(triggers()).toEqual([])
})
