import Sqlite from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { runCli, startCli } from '../helpers/cli.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { createTestSchema, hasPostgres, type TestSchema } from '../helpers/postgres.ts'
import { makeDir } from '../helpers/pushing.ts'

const appid = 'wx0123456789abcdef'
const followers = 5_000

/** A directory with a SQLite file that has followers and one push, and how to copy it. */
async function createWorld() {
  const cwd = await makeDir()
  const path = `${cwd}/unionpush.db`
  const database = await openTestDatabase(path)
  await database.followers(appid).upsert(
    Array.from({ length: followers }, (_, n) => ({ openid: `o${n}`, unionid: `u${n}`, subscribed: true })),
    { at: 1_000 },
  )
  await database.close()
  const sqlite = new Sqlite(path)
  sqlite.exec(`insert into access_tokens values ('${appid}', 'token', 1, 2)`)
  sqlite.exec(`insert into users values ('wx2', 'o', 'u', 'key', 1, 2)`)
  sqlite.close()
  const toWords = (to: TestSchema) => ['migrate', '--from', 'file:unionpush.db', '--to', to.url, '--json']
  return { cwd, path, toWords }
}

async function isCopied({ query }: TestSchema, table: string): Promise<boolean> {
  const rows = await query(`select positions ? '${table}' as found from copy_progress`).catch(() => [])
  return rows[0]?.found === true
}

describe.skipIf(!(await hasPostgres()))('unionpush migrate --from --to', () => {
  test('killed in the middle, it goes on where it was; repeated, it compares', async () => {
    const { cwd, toWords } = await createWorld()
    const to = await createTestSchema()
    const env = { DATABASE_URL: to.url, WECHAT_APPID: appid, WECHAT_SECRET: '0'.repeat(32) }
    expect(await runCli(['migrate'], { cwd, env })).toMatchObject({ code: 0 })
    // With what comes after the followers locked, it cannot come to its end.
    const unlock = await to.hold('lock table users in exclusive mode')
    const killed = startCli(toWords(to), { cwd })
    await vi.waitUntil(() => isCopied(to, 'followers'), { timeout: 60_000, interval: 50 })
    killed.child.kill('SIGKILL')
    await killed.ended
    await unlock()
    const early = await runCli(['status', '--json'], { cwd, env })
    expect(early.code).toBe(1)
    expect(JSON.parse(early.stdout)).toMatchObject({ error: { code: 'database_incomplete' } })

    const second = await runCli(toWords(to), { cwd })
    expect(second.stderr).toBe('')
    expect(second.code).toBe(0)
    const answer = JSON.parse(second.stdout)
    expect(answer).toMatchObject({ resumed: true, verified: true })
    expect(answer.tables).toContainEqual({
      table: 'followers',
      rows: followers,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const third = await runCli(toWords(to), { cwd })
    expect(third.code).toBe(0)
    expect(JSON.parse(third.stdout)).toEqual({ ...answer, resumed: false })
    expect(await runCli(['migrate'], { cwd, env })).toMatchObject({ code: 0 })
  })

  test('refuses while a service uses the file, and after its kill -9 for at most 30 seconds', async () => {
    const { cwd, path, toWords } = await createWorld()
    const to = await createTestSchema()
    const env = { DATABASE_URL: `file:${path}`, WECHAT_APPID: appid, WECHAT_SECRET: '0'.repeat(32) }
    const service = startCli(['cron'], { cwd, env })
    await service.waitFor(/"ready"/)
    service.child.kill('SIGKILL')
    await service.ended
    const refused = await runCli(toWords(to), { cwd })
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { code: 'database_in_use', message: expect.stringContaining(`pid ${service.child.pid}`) },
    })
    const sqlite = new Sqlite(path)
    const until = sqlite.prepare("select until from leases where name like 'service %'").pluck().get()
    expect(Number(until) - Date.now()).toBeLessThanOrEqual(30_000)
    sqlite.exec('update leases set until = 1')
    sqlite.close()
    expect(await runCli(toWords(to), { cwd })).toMatchObject({ code: 0 })
  })

  test('tells people what to change, and nobody the password', async () => {
    const { cwd } = await createWorld()
    const to = await createTestSchema()
    const words = ['migrate', '--from', 'file:unionpush.db', '--to']
    const result = await runCli([...words, to.url], { cwd })
    expect(result).toMatchObject({ code: 0 })
    expect(result.stdout).toMatch(/^followers +5,000 {2}[0-9a-f]{16}$/m)
    expect(result.stdout).toContain('Set DATABASE_URL')
    expect(result.stdout).toContain('REDIS_URL')
    expect(result.stdout + result.stderr).not.toContain(new URL(to.url).password)
  })

  test.each([
    [['--from', 'file:unionpush.db'], '--from and --to need each other'],
    [['--from', 'file:other.db', '--to', 'postgres://u:hidden@h/d'], 'there is no file'],
    [
      ['--from', 'postgres://u:hidden@h/d', '--to', 'postgres://u:hidden@h/d'],
      '--from expects a SQLite file',
    ],
    [['--from', 'file:unionpush.db', '--to', 'file:b.db'], '--to expects postgres://'],
    [['--from', 'file:unionpush.db', '--to', 'postgres://u:hidden@h'], '--to expects the name of a database'],
  ])('%j is wrong usage', async (words, sentence) => {
    const { cwd } = await createWorld()
    const { code, stdout, stderr } = await runCli(['migrate', ...words], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
    expect(stdout + stderr).not.toContain('hidden')
  })
})
