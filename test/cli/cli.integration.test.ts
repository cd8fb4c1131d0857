import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Simulator } from '../../src/simulator/controls.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { runCli } from '../helpers/cli.ts'

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

let cwd: string
let releasers: (() => Promise<void>)[]

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'unionpush-cli-'))
  releasers = []
})

afterEach(async () => {
  for (const release of releasers.reverse()) await release()
  await rm(cwd, { recursive: true })
})

async function startSimulator(
  options: SimulatorOptions = {},
): Promise<{ simulator: Simulator; env: Record<string, string> }> {
  const simulator = await createSimulator(options)
  releasers.push(() => simulator.close())
  return {
    simulator,
    env: { WECHAT_API_BASE: simulator.base, WECHAT_APPID: simulator.appid, WECHAT_SECRET: simulator.secret },
  }
}

test('help is on stdout; wrong usage says on stderr what is wrong and where help is, with exit code 2', async () => {
  const [list, one, nothing, wrong, wrongAsJson, version] = await Promise.all([
    runCli(['--help'], { cwd }),
    runCli(['sync', '--help'], { cwd }),
    runCli([], { cwd }),
    runCli(['sync', '--ful'], { cwd }),
    runCli(['sync', '--ful', '--json'], { cwd }),
    runCli(['--version'], { cwd }),
  ])
  expect(list).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('COMMANDS') })
  expect(one).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('EXAMPLES') })
  expect(nothing).toMatchObject({ code: 2, stdout: '', stderr: list.stdout })
  const stderr = "unionpush sync: Unknown option '--ful'\nHow it is used: unionpush sync --help\n"
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr })
  expect(wrongAsJson).toMatchObject({ code: 2, stderr })
  expect(JSON.parse(wrongAsJson.stdout)).toEqual({
    error: {
      code: 'usage',
      message: "Unknown option '--ful'",
      hint: 'How it is used: unionpush sync --help',
    },
  })
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

describe('configuration', () => {
  test('every problem is listed at once, with exit code 2 and no secret', async () => {
    const env = { WECHAT_SECRET: 'not a secret', PUSH_RATE: 'fast', REDIS_URL: 'redis//x' }
    const { code, stdout, stderr } = await runCli(['status'], { cwd, env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^unionpush status: 4 problems in the configuration$/m)
    for (const name of ['WECHAT_APPID', 'WECHAT_SECRET', 'PUSH_RATE', 'REDIS_URL']) {
      expect(stderr).toMatch(new RegExp(`^ {2}${name}: expected .+, found .+$`, 'm'))
    }
    expect(stderr).not.toContain('not a secret')

    const asJson = await runCli(['status', '--json'], { cwd, env })
    expect(JSON.parse(asJson.stdout)).toEqual({
      error: { code: 'config', message: expect.stringContaining('PUSH_RATE'), hint: expect.any(String) },
    })
  })

  test('a .env that is a directory is told of in a sentence', async () => {
    await mkdir(join(cwd, '.env'))
    const { code, stdout, stderr } = await runCli(['status', '--json'], { cwd })
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'config' } })
    expect(stderr).toContain('.env: expected a text file in UTF-8 that this user may read, found a directory')
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('a .env file in the working directory is read', async () => {
    const { env } = await startSimulator()
    await writeFile(
      join(cwd, '.env'),
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    expect(await runCli(['token'], { cwd })).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('database', () => {
  const env = { WECHAT_APPID: 'wx1', WECHAT_SECRET: 's' }

  test('migrate creates it for this user alone', async () => {
    const result = await runCli(['migrate', '--json'], { cwd, env })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const path = join(cwd, 'data', 'unionpush.db')
    expect(JSON.parse(result.stdout)).toEqual({ database: { engine: 'sqlite', address: path } })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(cwd, 'data'))).mode & 0o777).toBe(0o700)
  })

  test('a file that is not a database is refused and left alone', async () => {
    const path = join(cwd, 'notes.txt')
    const content = 'these are my notes\n'.repeat(100)
    await writeFile(path, content)
    const result = await runCli(['status', '--json'], { cwd, env: { ...env, DATABASE_URL: `file:${path}` } })
    expect(result.code).toBe(2)
    expect(JSON.parse(result.stdout).error.code).toBe('database_not_a_database')
    expect(result.stderr).toContain(path)
    expect(await readFile(path, 'utf8')).toBe(content)
  })

  test('a database that another process keeps locked is refused and left alone', async () => {
    await runCli(['migrate'], { cwd, env })
    const path = join(cwd, 'data', 'unionpush.db')
    const other = new Sqlite(path)
    other.pragma('locking_mode = EXCLUSIVE')
    other.exec('BEGIN EXCLUSIVE')
    try {
      const result = await runCli(['status', '--json'], { cwd, env })
      expect(result.code).toBe(1)
      expect(JSON.parse(result.stdout).error.code).toBe('database_locked')
      expect(result.stderr).toMatch(/another process holds the database: end it or wait for it\n$/)
    } finally {
      other.close()
    }
  })

  describe.each([
    ['as a whole', 'SELECT rootpage FROM sqlite_master WHERE rootpage > 0 UNION SELECT 1'],
    ['where the pushes are', "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'pushes'"],
  ])('one that is damaged %s', (_, damaged) => {
    test.each([['status'], ['history'], ['show', 'p1']])('is told by %s in a sentence', async (...words) => {
      await runCli(['migrate'], { cwd, env })
      const path = join(cwd, 'data', 'unionpush.db')
      const connection = new Sqlite(path)
      const pageSize = Number(connection.pragma('page_size', { simple: true }))
      const pages = connection.prepare(damaged).pluck().all().map(Number)
      connection.close()
      const content = await readFile(path)
      // The first hundred bytes still say that it is a database.
      for (const page of pages) content.fill(0xab, Math.max(100, (page - 1) * pageSize), page * pageSize)
      await writeFile(path, content)
      const { code, stdout, stderr } = await runCli([...words, '--json'], { cwd, env })
      expect(code).toBe(1)
      expect(JSON.parse(stdout).error).toMatchObject({ code: 'database_corrupt' })
      expect(stderr.trim().split('\n')).toEqual([
        expect.stringMatching(/Database \S+: .*malformed.*; the file is damaged: restore it from a backup/),
      ])
    })
  })

  test.skipIf(process.getuid?.() === 0)('a directory that cannot be written is refused', async () => {
    await chmod(cwd, 0o500)
    const result = await runCli(['migrate', '--json'], { cwd, env })
    await chmod(cwd, 0o700)
    expect(result.code).toBe(2)
    expect(JSON.parse(result.stdout).error.code).toBe('database_not_writable')
  })

  test('a path below a file is refused', async () => {
    await writeFile(join(cwd, 'file'), '')
    const result = await runCli(['migrate', '--json'], {
      cwd,
      env: { ...env, DATABASE_URL: 'file:file/unionpush.db' },
    })
    expect(result.code).toBe(2)
    expect(JSON.parse(result.stdout).error.code).toBe('database_not_writable')
  })
})

describe('account', () => {
  test('token shows next to nothing of it, and asks WeChat only when it has none', async () => {
    const { simulator, env } = await startSimulator()
    const first = await runCli(['token', '--json'], { cwd, env })
    const second = await runCli(['token', '--json'], { cwd, env })
    expect(JSON.parse(first.stdout)).toEqual({
      account: simulator.appid,
      appid: simulator.appid,
      token: expect.stringMatching(/^.{3}\.{3}.{4}$/),
      obtainedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
    expect(second.stdout).toBe(first.stdout)
    expect(simulator.stats().tokens.fetches).toBe(1)
  })

  test.each([
    ['a wrong secret', { WECHAT_SECRET: 'wrong' }, {}, 'wechat_40125', /AppSecret.+设置与开发 > 基本配置/],
    [
      'an IP that is not whitelisted',
      {},
      { ipWhitelist: ['1.2.3.4'] },
      'wechat_40164',
      /IP 127\.0\.0\.1.+IP白名单/,
    ],
  ])('%s is one sentence with what to do, after one call', async (_, wrong, options, code, sentence) => {
    const { simulator, env } = await startSimulator(options)
    const [token, sync] = await Promise.all(
      ['token', 'sync'].map((command) => runCli([command, '--json'], { cwd, env: { ...env, ...wrong } })),
    )
    for (const result of [token, sync]) {
      expect(result?.code).toBe(1)
      expect(result?.stderr).toMatch(/\(errcode \d+, rid [\da-f-]{26}\)\n$/)
      expect(result?.stderr).toMatch(/^unionpush \w+: [^\n]+\n$/)
      expect(result?.stderr).toMatch(sentence)
    }
    const error = {
      code,
      message: expect.stringMatching(sentence),
      hint: null,
      errcode: Number(code.split('_').at(-1)),
      rid: expect.stringMatching(/^[\da-f-]{26}$/),
    }
    expect(JSON.parse(token?.stdout ?? '')).toEqual({ error })
    expect(JSON.parse(sync?.stdout ?? '')).toMatchObject({
      status: 'interrupted',
      error: { ...error, code: 'sync_interrupted' },
    })
    expect(simulator.stats().calls).toEqual({ '/cgi-bin/stable_token': 2 })
  })

  test('a frozen account is one sentence too', async () => {
    const { simulator, env } = await startSimulator()
    simulator.addFault({ path: '/cgi-bin/stable_token', action: { errcode: 50007 } })
    const result = await runCli(['sync', '--json'], { cwd, env })
    expect(result.code).toBe(1)
    expect(JSON.parse(result.stdout)).toMatchObject({
      status: 'interrupted',
      error: { code: 'sync_interrupted' },
    })
    expect(simulator.stats().calls).toEqual({ '/cgi-bin/stable_token': 1 })
  })

  test('templates says what WeChat refused with, and its rid', async () => {
    const { simulator, env } = await startSimulator()
    simulator.addFault({
      path: '/cgi-bin/template/get_all_private_template',
      action: { errcode: 48001 },
    })
    const [text, json] = await Promise.all([
      runCli(['templates'], { cwd, env }),
      runCli(['templates', '--json'], { cwd, env }),
    ])
    expect(text).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\(errcode 48001, rid [\da-f-]{26}\)\n$/),
    })
    expect(JSON.parse(json.stdout)).toEqual({
      error: {
        code: 'wechat_48001',
        message: expect.stringMatching(/\(errcode 48001, rid [\da-f-]{26}\)$/),
        hint: null,
        errcode: 48001,
        rid: expect.stringMatching(/^[\da-f-]{26}$/),
      },
    })
  })

  test('templates lists fields and types, from the table while WeChat cannot be reached', async () => {
    const { simulator, env } = await startSimulator()
    const online = await runCli(['templates', '--json'], { cwd, env })
    const lines = online.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ templateId }) => templateId).sort()).toEqual(
      simulator.templates.map(({ templateId }) => templateId).sort(),
    )
    expect(lines.find(({ title }) => title === '订单发货通知').fields).toEqual([
      { key: 'thing1', type: 'thing' },
      { key: 'time2', type: 'time' },
    ])
    const offline = await runCli(['templates', '--json'], {
      cwd,
      env: { ...env, WECHAT_API_BASE: 'http://127.0.0.1:1' },
    })
    expect(offline).toMatchObject({ code: 0, stdout: online.stdout })
  })

  test('templates show makes the message of it and says what is missing or wrong, templates diff what changed', async () => {
    const { simulator, env } = await startSimulator()
    const id = simulator.templates.find(({ title }) => title === '订单发货通知')?.templateId ?? ''
    const [first, whole, broken, unknown] = [
      await runCli(['templates', 'diff', '--json'], { cwd, env }),
      ...(await Promise.all([
        runCli(['templates', 'show', id, '--json', '--data', '{"thing1":"苹果","time2":"15:01"}'], {
          cwd,
          env,
        }),
        runCli(
          [
            'templates',
            'show',
            id,
            '--data',
            '{"thing1":"超过二十个字的内容超过二十个字的内容超过二","other3":"x"}',
          ],
          { cwd, env },
        ),
        runCli(['templates', 'show', 'nobody', '--json'], { cwd, env }),
      ])),
    ]
    expect(first?.stdout.trim().split('\n')).toHaveLength(simulator.templates.length)
    expect(whole).toMatchObject({ code: 0 })
    expect(JSON.parse(whole?.stdout ?? '')).toMatchObject({
      preview: expect.stringMatching(/苹果[\s\S]*15:01/),
      missing: [],
      unknown: [],
      problems: [],
    })
    expect(broken?.code).toBe(1)
    expect(broken?.stdout).toMatch(
      /data\.time2 is missing\n[\s\S]*data\.other3 has no place[\s\S]*data\.thing1: expected at most 20/,
    )
    expect(unknown?.code).toBe(1)
    expect(JSON.parse(unknown?.stdout ?? '').error).toMatchObject({ code: 'template_unknown' })
    expect(await runCli(['templates', 'diff', '--json'], { cwd, env })).toMatchObject({ code: 0, stdout: '' })
  })
})
