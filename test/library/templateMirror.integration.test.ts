import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../src/base/programConfig.ts'
import { openDatabase } from '../../src/db/open.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { createPostgresDatabase } from '../helpers/postgresDatabase.ts'
import { dropQueue, makeDir } from '../helpers/pushing.ts'
import { needRedis, redisUrl } from '../helpers/redisNeeded.ts'

const appid = `wx${randomBytes(8).toString('hex')}`
const templateId = 'aTemplate'
const message = { unionid: 'u1', templateId, data: { thing1: '订单已发货' } }
const missing = [{ field: 'data.time2', rule: 'a text, as the template asks for it', given: 'nothing' }]

beforeEach(() => {
  needRedis()
  vi.stubEnv('WECHAT_APPID', appid)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    return dropQueue(redisUrl, appid)
  })
})

async function listTemplate(url: string): Promise<void> {
  const { database } = loadConfig({ WECHAT_APPID: appid, WECHAT_SECRET: 's'.repeat(32), DATABASE_URL: url })
  const stores = await openDatabase(database, pino({ level: 'silent' }))
  const content = '内容:{{thing1.DATA}}\n时间:{{time2.DATA}}\n'
  const rest = { title: '', example: '', primaryIndustry: '', deputyIndustry: '' }
  await stores.templates(appid).replace([{ templateId, content, ...rest }], Date.now())
  await stores.close()
}

describe.each(['SQLite', 'PostgreSQL'])('of a database at hand, %s,', (engine) => {
  test('the templates are known, and what leaves out a keyword is not queued', async () => {
    const dir = await makeDir()
    let url = `file:${join(dir, 'a.db')}`
    if (engine === 'PostgreSQL') {
      const database = await createPostgresDatabase()
      onTestFinished(database.drop)
      url = database.url
    }
    await listTemplate(url)
    vi.stubEnv('DATABASE_URL', url)
    const pusher = createPusher({ redisUrl })
    onTestFinished(() => pusher.close())
    // Busy machines take longer to read than a push waits.
    await vi.waitFor(
      () =>
        expect(pusher.push(message)).rejects.toMatchObject({ name: 'InvalidPushError', problems: missing }),
      { timeout: 30_000 },
    )
    const whole = { ...message, data: { ...message.data, time2: '15:01' } }
    expect(await pusher.pushMany([message, whole, { ...message, templateId: 'another' }])).toEqual({
      queued: 2,
      duplicates: 0,
      invalid: [
        { index: 0, reason: 'data.time2: expected a text, as the template asks for it, got nothing' },
      ],
    })
    // Whoever reads leaves nothing that the owner of the file could not open.
    if (engine === 'SQLite') expect(await readdir(dir)).toEqual(['a.db'])
  })
})

test.each([
  ['file', (dir: string) => `file:${join(dir, 'none', 'a.db')}`],
  ['server', () => 'postgres://nobody@127.0.0.1:1/nothing'],
])('without a database, no %s being there, a push is queued, and none is made', async (_, toUrl) => {
  const dir = await makeDir()
  vi.stubEnv('DATABASE_URL', toUrl(dir))
  const pusher = createPusher({ redisUrl })
  onTestFinished(() => pusher.close())
  expect((await pusher.push(message)).status).toBe('queued')
  expect(existsSync(join(dir, 'none'))).toBe(false)
})
