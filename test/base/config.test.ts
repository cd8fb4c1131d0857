import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { loadCallbackConfig } from '../../src/base/accounts/libraryConfig.ts'
import { ConfigError } from '../../src/base/configError.ts'
import { loadLogLevel, readEnvironment } from '../../src/base/environment/readEnvironment.ts'
import { environmentSchema } from '../../src/base/environment/variables.ts'
import { loadProducerConfig } from '../../src/base/producerConfig.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { selfSigned } from '../helpers/selfSigned.ts'

const minimal = { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: 'f00dfeedf00dfeedf00dfeedf00dfeed' }

function problemsOf(env: Record<string, string>): ConfigError['problems'] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('configuration', () => {
  test('appid and secret are enough', () => {
    const config = loadConfig(minimal)
    expect(config.accounts[0]).toMatchObject({ appid: minimal.WECHAT_APPID, secret: minimal.WECHAT_SECRET })
    expect(config.apiBases).toEqual(['https://api.weixin.qq.com', 'https://api2.weixin.qq.com'])
    expect(config.queue).toEqual({ kind: 'embedded', dir: resolve('data/queue') })
    expect(config.database).toEqual({ engine: 'sqlite', path: resolve('data/unionpush.db') })
    expect(config.accounts[0].miniProgram).toBeUndefined()
  })

  test('DATA_DIR moves the database and the embedded queue, DATABASE_URL only the database', () => {
    const moved = loadConfig({ ...minimal, DATA_DIR: '/srv/up' })
    expect([moved.database, moved.queue]).toEqual([
      { engine: 'sqlite', path: '/srv/up/unionpush.db' },
      { kind: 'embedded', dir: '/srv/up/queue' },
    ])
    expect(loadConfig({ ...minimal, DATABASE_URL: 'file:///var/lib/a.db' }).database).toEqual({
      engine: 'sqlite',
      path: '/var/lib/a.db',
    })
  })

  test('the callback has a token and, if messages come encrypted, a current and a previous key', () => {
    const token = { ...minimal, WECHAT_CALLBACK_TOKEN: 'QDG6eK' }
    const key = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'
    const previous = 'oGNzLW2wbtUTDZ0rbEXQjXSkwzqSPQf9zGTvRLk1pVA'
    expect(loadConfig(minimal).accounts[0].callback).toBeUndefined()
    expect(loadCallbackConfig(token).callback).toEqual({ token: 'QDG6eK', encodingAesKeys: [] })
    expect(
      loadConfig({ ...token, WECHAT_ENCODING_AES_KEY: key, WECHAT_ENCODING_AES_KEY_PREVIOUS: previous })
        .accounts[0].callback,
    ).toEqual({ token: 'QDG6eK', encodingAesKeys: [key, previous] })
  })

  test('a callback that is only half configured is refused', () => {
    const key = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'
    const variables = (env: Record<string, string>) =>
      problemsOf({ ...minimal, ...env }).map((p) => p.variable)
    expect(variables({ WECHAT_ENCODING_AES_KEY: key })).toEqual(['WECHAT_CALLBACK_TOKEN'])
    expect(variables({ WECHAT_MINIPROGRAM_ENCODING_AES_KEY: key })).toEqual([
      'WECHAT_MINIPROGRAM_CALLBACK_TOKEN',
    ])
    expect(variables({ WECHAT_MINIPROGRAM_CALLBACK_TOKEN: 't' })).toEqual(['WECHAT_MINIPROGRAM_APPID'])
    expect(variables({ WECHAT_CALLBACK_TOKEN: 't', WECHAT_ENCODING_AES_KEY_PREVIOUS: key })).toEqual([
      'WECHAT_ENCODING_AES_KEY',
    ])
    expect(
      problemsOf({ ...minimal, WECHAT_CALLBACK_TOKEN: 't', WECHAT_ENCODING_AES_KEY: `${key.slice(1)}+` }),
    ).toEqual([
      {
        variable: 'WECHAT_ENCODING_AES_KEY',
        expected: '43 letters and digits, the EncodingAESKey of the server settings',
        found: '43 characters (not shown)',
      },
    ])
    expect(() => loadCallbackConfig({ WECHAT_APPID: 'wx1' })).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({ variable: 'WECHAT_SECRET' }),
          expect.objectContaining({ variable: 'WECHAT_CALLBACK_TOKEN' }),
        ],
      }),
    )
  })

  test('several Redis hosts are one cluster', () => {
    const { queue } = loadProducerConfig({ WECHAT_APPID: 'wx1', REDIS_URL: 'redis://a:1, rediss://b:2/' })
    expect(queue).toEqual({ kind: 'redis', urls: ['redis://a:1', 'rediss://b:2'] })
  })

  test.each([
    ['redis://:pa#ss@h', /# as %23/],
    ['redis://user:12#x@h', /# as %23/],
    ['redis://:pa/ss@h:6379', /\/ as %2F/],
    ['redis://user:12/ss@h:6379', /\/ as %2F/],
    ['redis://:what?@h:6379', /\? as %3F/],
    ['redis://:50%off@h', /% as %25/],
    ['redis://:a,b@h', /a comma as %2C/],
    ['redis://h:6379?keyPrefix=app:', /no \?keyPrefix=: only \?family=4/],
    ['redis://h:6379/1?db=2', /no \?db=/],
    ['redis://h?family=7', /no \?family= but 4 or 6/],
    ['redis://h:6379/main', /the number of a database/],
    ['redis://a/1,redis://b/1', /no \/1 at the end: a cluster has one database/],
    ['redis://::1:6379', /redis:\/\/host:port/],
    ['redis://', /redis:\/\/host:port/],
    ['redis+sentinel://a:26379,b:26379', /the name of the primary after the Sentinels/],
    ['redis+sentinel://a:x/main', /each Sentinel with its host and port/],
    ['redis+sentinel:///main', /redis\+sentinel:\/\/host:26379/],
    ['redis+sentinel://u:p@ss@a/main', /@ as %40/],
    ['redis+sentinel://a/main?family=4', /no \?family=: only sentinelUsername/],
    ['rediss+sentinel://a/main?sentinelTls=no', /sentinelTls= to be on or off/],
    ['unix://redis.sock', /unix:\/\/\/path/],
    ['unix:///redis.sock?password=x', /only \?db=/],
    ['unix:///a.sock,redis://b', /one kind of URL/],
  ])('REDIS_URL %s is refused with what to write', (REDIS_URL, expected) => {
    const [problem, ...others] = problemsOf({ ...minimal, REDIS_URL })
    expect(others).toEqual([])
    expect(problem?.variable).toBe('REDIS_URL')
    expect(problem?.expected).toMatch(expected)
  })

  test.each([
    'redis://h',
    'rediss://user:p%23ss@h:6380/15',
    'redis://:p@ss@h',
    'redis://[::1]:6379/0',
    'redis://h?family=6',
    'redis://[::1]:7000,redis://[::1]:7001/0',
    'redis+sentinel://user:p%23ss@a:26379,b,[::1]:26380/main/2?sentinelPassword=x',
    'rediss+sentinel://a/main?sentinelTls=off',
    'unix:///run/redis.sock',
    'redis+unix://:p%40ss@/run/redis.sock?db=3',
  ])('REDIS_URL %s can be used', (REDIS_URL) => {
    expect(loadConfig({ ...minimal, REDIS_URL }).queue.kind).toBe('redis')
  })

  test('the password of Sentinels is shown to nobody', () => {
    const REDIS_URL = 'redis+sentinel://a:x/main?sentinelPassword=hush'
    expect(JSON.stringify(problemsOf({ ...minimal, REDIS_URL }))).not.toContain('hush')
  })

  test('REDIS_CA_FILE has to be a file with certificates, for a REDIS_URL with TLS', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    const [good, bad] = [join(dir, 'ca.pem'), join(dir, 'bad.pem')]
    await writeFile(good, selfSigned.cert)
    await writeFile(bad, 'no certificate')
    const judge = (REDIS_CA_FILE: string, REDIS_URL: string) =>
      problemsOf({ ...minimal, REDIS_URL, REDIS_CA_FILE }).map(({ variable }) => variable)
    expect(judge(good, 'rediss://h')).toEqual([])
    expect(judge(good, 'rediss+sentinel://h/main')).toEqual([])
    expect(judge(good, 'redis://h')).toEqual(['REDIS_CA_FILE'])
    expect(judge(bad, 'rediss://h')).toEqual(['REDIS_CA_FILE'])
    expect(judge(join(dir, 'none'), 'rediss://h')).toEqual(['REDIS_CA_FILE'])
    const queue = { kind: 'redis', urls: ['rediss://h'], ca: selfSigned.cert }
    const env = { WECHAT_APPID: 'wx1', REDIS_URL: 'rediss://h', REDIS_CA_FILE: good }
    expect(loadProducerConfig(env).queue).toEqual(queue)
  })

  test('a producer needs no secret', () => {
    expect(loadProducerConfig({ WECHAT_APPID: 'wx1' }).accounts).toEqual([{ name: 'wx1', appid: 'wx1' }])
  })

  test('every problem is named at once with what was expected and found', () => {
    const problems = problemsOf({
      WECHAT_APPID: 'wx 1',
      WECHAT_MINIPROGRAM_APPID: 'wx2',
      DATABASE_URL: 'mysql://db',
      REDIS_URL: 'localhost:6379',
      SYNC_CRON: 'often',
      TIMEZONE: 'Mars/Olympus',
      PUSH_CONCURRENCY: '0',
      PUSH_RATE: 'fast',
      LOG_LEVEL: 'loud',
    })
    expect(problems.map((p) => p.variable).sort()).toEqual([
      'DATABASE_URL',
      'LOG_LEVEL',
      'PUSH_CONCURRENCY',
      'PUSH_RATE',
      'REDIS_URL',
      'SYNC_CRON',
      'TIMEZONE',
      'WECHAT_APPID',
      'WECHAT_MINIPROGRAM_SECRET',
      'WECHAT_SECRET',
    ])
    expect(problems.find((p) => p.variable === 'PUSH_CONCURRENCY')).toEqual({
      variable: 'PUSH_CONCURRENCY',
      expected: 'a whole number from 1 to 1000',
      found: '"0"',
    })
    expect(problems.find((p) => p.variable === 'WECHAT_SECRET')?.found).toBe('nothing')
  })

  test('no secret and no password is shown', () => {
    const secret = 'caf e'.repeat(8)
    const error = new ConfigError(
      problemsOf({
        ...minimal,
        WECHAT_SECRET: secret,
        REDIS_URL: 'http://user:hun,ter2/x@y@h',
        DATABASE_URL: 'x://u:hunter2@h',
      }),
    )
    expect(error.problems).toHaveLength(3)
    expect(error.message).not.toMatch(/hunter2|hun|ter2/)
    expect(error.message).toContain('"http://***@h"')
    expect(error.message).not.toContain(secret)
  })

  test.each([
    ['10.0.0.9:3128', 'http://10.0.0.9:3128'],
    ['proxy.corp:3128', 'http://proxy.corp:3128'],
    ['proxy.corp', 'http://proxy.corp'],
    ['[::1]:3128', 'http://[::1]:3128'],
    ['user:p%40ss@proxy.corp:3128', 'http://user:p%40ss@proxy.corp:3128'],
    ['HTTP://proxy.corp:3128/', 'http://proxy.corp:3128'],
    ['https://proxy.corp:3128', 'https://proxy.corp:3128'],
  ])('the proxy %s is %s', (given, expected) => {
    expect(loadConfig({ ...minimal, HTTPS_PROXY: given }).proxy.https).toBe(expected)
    expect(loadConfig({ ...minimal, http_proxy: given }).proxy.http).toBe(expected)
  })

  test.each([
    'socks5://10.0.0.9:1080',
    'socks://10.0.0.9:1080',
    'ftp://proxy.corp',
    'http://',
    'http://proxy.corp:99999',
    'http://user:p#ss@proxy.corp:3128',
    'http://user:1/2@proxy.corp:3128',
    'http://user:p%zz@proxy.corp:3128',
    'not a host',
  ])('the proxy %s is refused by the name of its variable', (given) => {
    for (const variable of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
      const problems = problemsOf({ ...minimal, [variable]: given, WECHAT_APPID: '' })
      expect(problems.map((p) => p.variable)).toEqual(['WECHAT_APPID', variable])
      expect(problems[1]?.expected).toContain('http://host:port')
      expect(problems[1]?.found).not.toMatch(/p#ss|p%zz|1\/2/)
    }
  })

  test('of a proxy variable in both spellings the small letters count, as with curl', () => {
    const env = { https_proxy: 'http://small:1', HTTPS_PROXY: 'http://big:1', no_proxy: 'a', NO_PROXY: 'b' }
    expect(loadConfig({ ...minimal, ...env }).proxy).toMatchObject({ https: 'http://small:1', none: 'a' })
  })

  test('the proxies whose X-Forwarded-For is believed are addresses, ranges and names, or nobody', () => {
    const trusted = (value: string) => loadConfig({ ...minimal, TRUST_PROXY: value }).http.trustProxy
    expect(trusted('loopback, 10.0.0.0/8,203.0.113.7,fd00::/8,::1')).toEqual([
      'loopback',
      '10.0.0.0/8',
      '203.0.113.7',
      'fd00::/8',
      '::1',
    ])
    expect(trusted('off')).toEqual([])
    for (const wrong of [
      'true',
      'on',
      '10.0.0.0/33',
      '10.0.0',
      'off,10.0.0.0/8',
      'proxy.corp',
      '10.0.0.1,,',
    ]) {
      expect(problemsOf({ ...minimal, TRUST_PROXY: wrong }).map((p) => p.variable)).toEqual(['TRUST_PROXY'])
    }
  })

  test('an empty variable counts as unset', () => {
    expect(loadConfig({ ...minimal, REDIS_URL: '', PUSH_RATE: '' }).accounts[0].pushRate).toBe(0)
  })

  test('.env.example lists every variable in the order of the schema', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
    const names = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map((match) => match[1])
    expect(names).toEqual(Object.keys(environmentSchema.shape))
  })

  test('.env.zh-CN.example has the same lines, each explained in Chinese', () => {
    const [english, chinese] = ['.env.example', '.env.zh-CN.example'].map((file) =>
      readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
        .trim()
        .split('\n'),
    )
    const isVariable = (line: string) => /^(?:# )?[A-Z_]+=/.test(line)
    expect(chinese?.filter(isVariable)).toEqual(english?.filter(isVariable))
    const unexplained = (line: string) => line !== '' && !isVariable(line) && !/\p{Script=Han}/u.test(line)
    expect(chinese?.filter(unexplained)).toEqual(['# debug、info、warn、error、silent'])
  })

  test('.env.example shows the defaults', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
    const values = Object.fromEntries(
      [...example.matchAll(/^# ([A-Z_]+)=(.+)$/gm)].map((match) => [match[1], match[2]]),
    )
    // These two have none: the lines show what one looks like.
    const { REDIS_URL: _url, REDIS_CA_FILE: _file, ...defaults } = values
    expect(loadConfig({ ...minimal, ...defaults })).toEqual(loadConfig(minimal))
  })
})

describe('what a user is spared', () => {
  const env = { WECHAT_APPID: 'wx1', WECHAT_SECRET: 's' }
  test('is read as caps and hours', () => {
    expect(
      loadConfig({
        ...env,
        PUSH_CAP: 'ngq:3/1d, *:10/12h',
        QUIET_HOURS: '22:00-08:00',
        QUIET_ACTION: 'skip',
      }),
    ).toMatchObject({
      pushCaps: [
        { templateId: 'ngq', most: 3, ms: 86_400_000 },
        { templateId: '*', most: 10, ms: 43_200_000 },
      ],
      quiet: { window: { from: 1_320, to: 480 }, action: 'skip' },
    })
    expect(loadConfig(env)).toMatchObject({ pushCaps: [], quiet: undefined })
  })

  test.each([
    ['PUSH_CAP', 'ngq:0/1d'],
    ['PUSH_CAP', 'ngq:3'],
    ['PUSH_CAP', 'ngq:3/1d,'],
    ['QUIET_HOURS', '22-8'],
    ['QUIET_HOURS', '08:00-08:00'],
    ['QUIET_ACTION', 'drop'],
  ])('%s=%s is refused', (variable, found) => {
    expect(() => loadConfig({ ...env, [variable]: found })).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ variable, found: expect.stringContaining(found) })],
      }),
    )
  })
})

describe('.env file', () => {
  const home = process.cwd()
  let dir = ''
  afterEach(async () => {
    process.chdir(home)
    delete process.env.PUSH_ATTEMPTS
    await rm(dir, { recursive: true })
  })

  test('is read from the working directory, and the environment wins over it', async () => {
    dir = await mkdtemp(join(tmpdir(), 'unionpush-env-'))
    await writeFile(join(dir, '.env'), 'PUSH_RATE=7\nPUSH_ATTEMPTS=3\n')
    process.chdir(dir)
    process.env.PUSH_ATTEMPTS = '5'
    const env = readEnvironment()
    expect([env.PUSH_RATE, env.PUSH_ATTEMPTS]).toEqual(['7', '5'])
  })

  test.each([
    ['a byte order mark', '\ufeffPUSH_RATE=7\r\nPUSH_ATTEMPTS=3\r\n'],
    ['lines that say nothing', '# a remark\n\nexport PUSH_RATE="7"\nPUSH_ATTEMPTS=3'],
  ])('may have %s', async (_, text) => {
    dir = await mkdtemp(join(tmpdir(), 'unionpush-env-'))
    await writeFile(join(dir, '.env'), text)
    process.chdir(dir)
    const env = readEnvironment()
    expect([env.PUSH_RATE, env.PUSH_ATTEMPTS]).toEqual(['7', '3'])
  })

  test.each([
    ['a directory', (path: string) => mkdir(path)],
    ['text in UTF-16', (path: string) => writeFile(path, '\ufeffPUSH_RATE=7\n', 'utf16le')],
  ])('is told of when it is %s, and the log level is its default', async (found, create) => {
    dir = await mkdtemp(join(tmpdir(), 'unionpush-env-'))
    await create(join(dir, '.env'))
    process.chdir(dir)
    const expected = 'a text file in UTF-8 that this user may read'
    expect(() => loadConfig()).toThrow(
      expect.objectContaining({ problems: [{ variable: '.env', expected, found }] }),
    )
    expect(loadLogLevel()).toBe('info')
  })
})
