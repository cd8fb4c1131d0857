import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toPlanText } from '../../src/cli/broadcast/text.ts'
import type { SkippedRow } from '../../src/operations/broadcasts/broadcasts.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { startPushing } from '../helpers/pushing.ts'
import { openBroadcasts } from './world.ts'

const keywords = { thing1: '{{name}}', time2: '2026-12-12 10:00' }

test('--skipped is a CSV of every row that gets nothing, and why', async () => {
  const { sync, run, json, simulator, templateId, cwd } = await startCliWorld({ followers: 3 })
  await sync()
  const [first, second] = [simulator.userAt(0), simulator.userAt(1)]
  const rows = [
    'unionid,openid,name',
    `${first.unionid},,小明`,
    `,${first.openid},又是小明`,
    `,${second.openid},"一个比二十个字还要长很多的""名字"",真的很长很长很长"`,
    'oStranger,,路人',
    ',,没有人',
    `,${second.openid},小红`,
    '',
  ]
  await writeFile(join(cwd, 'people.csv'), rows.join('\n'))
  const create = [
    ...['broadcast', 'create', '--template', templateId, '--data', JSON.stringify(keywords)],
    ...['--file', 'people.csv'],
  ]
  const plan = await json([...create, '--dry-run', '--skipped', 'planned.csv'], 1)
  expect(plan).toMatchObject({ selected: 3, sendable: 2, skipped: { not_following: 1 } })
  const [header, ...lines] = (await readFile(join(cwd, 'planned.csv'), 'utf8')).trimEnd().split('\r\n')
  expect(header).toBe('line,unionid,openid,reason,detail')
  expect(lines.map((line) => line.split(',').slice(0, 4))).toEqual([
    ['3', '', first.openid, 'duplicate'],
    ['4', '', second.openid, 'invalid'],
    ['6', '', '', 'invalid'],
    ['5', 'oStranger', '', 'not_following'],
  ])
  expect(lines[1]).toContain(String.raw`\""名字\"",真的`)
  const created = await json([...create, '--skipped', 'created.csv'], 1)
  expect(created.counts.selected).toBe(3)
  expect(await readFile(join(cwd, 'created.csv'))).toEqual(await readFile(join(cwd, 'planned.csv')))

  const own = await run([...create, '--skipped', './people.csv'])
  expect(own).toMatchObject({ code: 2, stderr: expect.stringContaining('another file') })
  const away = await run([...create, '--skipped', 'no/such/directory.csv', '--name', 'never'])
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('directory.csv') })
  const { stdout } = await run(['broadcast', 'list', '--json'])
  expect(stdout).not.toContain('never')
})

test('a program is told of them as they are found, in their order, and may take its time', async () => {
  const world = await startPushing({ simulator: { followers: 3 } })
  const broadcasts = openBroadcasts(world)
  const [first, second, third] = [0, 1, 2].map((n) => world.simulator.userAt(n))
  const { id } = await broadcasts.create({ audience: { rows: [{ openid: first?.openid }] } })
  await world.startWorker()
  await broadcasts.until(id, ({ status }) => status === 'finished')
  const told: SkippedRow[] = []
  const rows = [
    { unionid: first?.unionid },
    { openid: second?.openid },
    { openid: 'no id' },
    { unionid: second?.unionid },
    ...Array.from({ length: 1_500 }, () => ({ unionid: 'nobody' })),
    { openid: third?.openid },
  ]
  const plan = await broadcasts.plan({
    audience: { rows },
    except: id,
    async onSkipped(row) {
      await Promise.resolve()
      told.push(row)
    },
  })
  expect(plan).toMatchObject({ selected: 3, sendable: 2 })
  expect(told.slice(0, 4).map(({ line, reason }) => [line, reason])).toEqual([
    [1, 'except'],
    [3, 'invalid'],
    [4, 'duplicate'],
    [6, 'duplicate'],
  ])
  expect(told.at(-1)).toMatchObject({ line: 5, unionid: 'nobody', reason: 'not_following' })
  expect(told).toHaveLength(3 + 1_499 + 1)
  expect(plan.invalid.map(({ line }) => line)).toEqual(
    told.flatMap(({ line, reason }) => (reason === 'invalid' || reason === 'duplicate' ? [line] : [])),
  )

  const leftOut: SkippedRow[] = []
  const all = await broadcasts.plan({
    audience: { all: true },
    except: id,
    onSkipped: (row) => void leftOut.push(row),
  })
  expect(all).toMatchObject({ selected: 2, sendable: 2, invalid: [] })
  const { openid, unionid } = first ?? {}
  expect(leftOut).toEqual([
    { line: null, openid, unionid, reason: 'except', detail: 'has got the other broadcast' },
  ])
})

test('an answer holds 100,000 rows that cannot be used, and tells how many there are; each is told of', async () => {
  const world = await startPushing({ simulator: { followers: 1 } })
  const broadcasts = openBroadcasts(world)
  function* rows() {
    for (let n = 0; n < 100_500; n++) yield { openid: 'no id' }
  }
  let told = 0
  const plan = await broadcasts.plan({
    audience: { rows: rows() },
    onSkipped() {
      told += 1
    },
  })
  expect(plan.invalid).toHaveLength(100_000)
  expect([plan.invalidTotal, told, plan.selected]).toEqual([100_500, 100_500, 0])
  const lines = toPlanText(plan, { language: 'en', timezone: 'Asia/Shanghai' }).split('\n')
  expect(lines[100_000]).toBe('and 500 more lines that cannot be used: --skipped FILE has all of them')
})
