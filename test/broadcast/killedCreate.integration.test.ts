import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { patience } from './world.ts'

test('a create that is killed in the middle of its file leaves nothing that would be sent', {
  timeout: 3 * minute,
}, async () => {
  const { sync, json, service, start, simulator, templateId, cwd } = await startCliWorld({ followers: 20 })
  await sync()
  const people = Array.from({ length: 20 }, (_, n) => simulator.userAt(n).openid)
  const strangers = Array.from({ length: 300_000 }, (_, n) => `oStranger${n}`)
  await writeFile(join(cwd, 'people.csv'), ['openid', ...people, ...strangers].join('\n'))
  await writeFile(join(cwd, 'few.csv'), ['openid', ...people].join('\n'))
  const create = (file: string) => [
    ...['broadcast', 'create', '--template', templateId, '--file', file],
    ...['--data', JSON.stringify({ thing1: '周年庆', time2: '2026-12-12 10:00' })],
  ]
  const killed = start([...create('people.csv'), '--json'])
  const database = new Sqlite(join(cwd, 'data', 'unionpush.db'), { readonly: true })
  const stored = () => Object(database.prepare('select count(*) as n from broadcast_recipients').get()).n
  await vi.waitUntil(() => stored() > 2_000, patience)
  await killed.kill()
  expect(stored()).toBeLessThan(300_000)
  expect(Object(database.prepare('select status from broadcasts').get()).status).toBe('draft')
  database.close()

  const worker = await service('worker')
  const { id } = await json(create('few.csv'))
  expect(await start(['broadcast', 'show', id, '--watch', '--json']).ended).toMatchObject({ code: 0 })
  expect(simulator.stats().accepted).toBe(20)
  const { stdout } = await start(['broadcast', 'list', '--json']).ended
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual([id])
  await worker.kill()
})
