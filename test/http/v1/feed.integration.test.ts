import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../../src/base/programConfig.ts'
import { createFeed } from '../../../src/http/v1/events/feed.ts'
import { toPushRow } from '../../db/pushRow.ts'
import { openOnlyAccount } from '../../helpers/onlyAccount.ts'
import { createTestLog, makeDir } from '../../helpers/pushing.ts'
import { needRedis, redisUrl } from '../../helpers/redisNeeded.ts'

const appid = 'wx1'
/** Where a client was whom another process told something. */
const at = 1_700_000_000_000

/** A database that calls `beforeAnswer` when it has read for a client that comes back. */
async function openFeed(beforeAnswer: () => Promise<void>) {
  needRedis()
  const { log } = createTestLog()
  const DATABASE_URL = `file:${join(await makeDir(), 'test.db')}`
  const env = { WECHAT_APPID: appid, WECHAT_SECRET: 's', DATABASE_URL, REDIS_URL: redisUrl }
  const account = await openOnlyAccount(loadConfig(env), log)
  onTestFinished(account.close)
  const { pushes } = account
  const held = {
    ...pushes,
    async findFinished(from: number, limit: number) {
      const found = await pushes.findFinished(from, limit)
      if (from === at) await beforeAnswer()
      return found
    },
  }
  const feed = createFeed({ accounts: () => [{ ...account, pushes: held }], log })
  return {
    feed,
    end: (id: string) =>
      pushes.add(toPushRow({ id, appid, status: 'skipped', finishedAt: Date.now(), unknownSince: null })),
    connect(lastEventId?: string) {
      const stream = new PassThrough()
      onTestFinished(() => void stream.destroy())
      let text = ''
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      return { stream, text: () => text, added: feed.add(stream, 'en', lastEventId) }
    },
  }
}

const soon = { timeout: 15_000, interval: 10 }

test('who comes back hears what happens while the database is asked what was missed, and hears it last', async () => {
  const world = await openFeed(async () => {
    await world.end('meanwhile')
    await vi.waitUntil(() => first.text().includes('"meanwhile"'), soon)
  })
  await world.end('missed')
  const first = world.connect()
  await vi.waitUntil(() => first.text().includes('event: status'), soon)
  const second = world.connect(`${at}.7`)
  await vi.waitUntil(() => second.text().includes('"meanwhile"'), soon)
  expect(second.text()).toMatch(/"missed".*"meanwhile"/s)
})

test('who goes while the database is asked is gone', async () => {
  const world = await openFeed(async () => {
    client.stream.destroy()
    await new Promise((resolve) => client.stream.once('close', resolve))
  })
  const client = world.connect(`${at}.7`)
  await client.added
  expect(world.feed.count()).toBe(0)
})

test('whom the database does not answer is let go, and comes back', async () => {
  const world = await openFeed(() => Promise.reject(new Error('away')))
  const client = world.connect(`${at}.7`)
  await expect(client.added).rejects.toThrow('away')
  expect(client.stream.destroyed).toBe(true)
  await vi.waitUntil(() => world.feed.count() === 0, soon)
})
