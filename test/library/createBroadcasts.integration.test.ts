import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { BroadcastError, createBroadcasts, InvalidPushError } from '../../src/index.ts'
import { makeDir } from '../helpers/pushing.ts'

test('a program finds broadcasts of all its accounts, and says of which one a new one is', async () => {
  const dir = await makeDir()
  const accounts = ['shop', 'club'].map((name, i) => ({
    name,
    appid: `wx${String(i).repeat(16)}`,
    secret: 'x'.repeat(32),
  }))
  await writeFile(join(dir, 'accounts.json'), JSON.stringify({ accounts }), { mode: 0o600 })
  vi.stubEnv('ACCOUNTS_FILE', join(dir, 'accounts.json'))
  vi.stubEnv('DATA_DIR', dir)
  onTestFinished(() => void vi.unstubAllEnvs())
  const broadcasts = createBroadcasts()
  onTestFinished(() => broadcasts.close())
  const input = { templateId: 't', data: { thing1: 'news' }, audience: { all: true } } as const

  await expect(broadcasts.create(input)).rejects.toThrow(InvalidPushError)
  await expect(broadcasts.create({ ...input, account: 'pub' })).rejects.toThrow('one of shop, club')
  const first = await broadcasts.create({ ...input, account: 'club', startAt: '2099-01-01T00:00:00Z' })
  expect(first.account).toBe('club')
  const second = await broadcasts.create({ ...input, account: 'shop', startAt: '2099-01-01T00:00:00Z' })
  expect(await broadcasts.show(first.id)).toMatchObject({ id: first.id, account: 'club' })
  expect((await broadcasts.list()).map(({ account }) => account)).toEqual(['shop', 'club'])
  expect(await broadcasts.list({ limit: 1 })).toMatchObject([{ id: second.id }])
  expect(await broadcasts.cancel(first.id)).toMatchObject({ account: 'club', status: 'cancelled' })
  expect(await broadcasts.show('nobody')).toBeUndefined()
  await expect(broadcasts.pause('nobody')).rejects.toThrow(BroadcastError)

  const ofShop = createBroadcasts({ account: 'shop' })
  onTestFinished(() => ofShop.close())
  expect((await ofShop.list()).map(({ id }) => id)).toEqual([second.id])
  expect(await ofShop.show(first.id)).toBeUndefined()
})

test('a program is told about broadcasts in its own language', async () => {
  vi.stubEnv('DATA_DIR', await makeDir())
  vi.stubEnv('WECHAT_APPID', 'wx0123456789abcdef')
  vi.stubEnv('WECHAT_SECRET', 'x'.repeat(32))
  onTestFinished(() => void vi.unstubAllEnvs())
  const details = []
  for (const language of ['zh', 'en']) {
    vi.stubEnv('UNIONPUSH_LANG', language)
    const broadcasts = createBroadcasts()
    onTestFinished(() => broadcasts.close())
    const { id } = await broadcasts.create({
      templateId: 't',
      data: { thing1: 'news' },
      audience: { all: true },
      startAt: '2099-01-01T00:00:00Z',
    })
    details.push((await broadcasts.pause(id)).detail, (await broadcasts.list())[0]?.detail)
  }
  expect(details).toEqual(['人工暂停', '人工暂停', 'paused by a person', 'paused by a person'])
})
