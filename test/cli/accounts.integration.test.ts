import { writeFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { startAccountsWorld } from '../helpers/accountsWorld.ts'
import { findFreePort } from '../helpers/freePort.ts'

// Every command is a process of its own.
vi.setConfig({ testTimeout: 240_000 })

const soon = { timeout: 60_000, interval: 20 }

test('commands look in all accounts, do all, or ask which is meant', async () => {
  const world = await startAccountsWorld(['shop', 'club'])
  const { simulator } = world
  const appids = { shop: world.at('shop').appid, club: world.at('club').appid }
  const unionid = simulator.userAt(0).unionid ?? ''
  world.at('club').unfollow(world.at('club').userAt(1).openid)

  const synced = await world.lines('sync')
  expect(synced).toMatchObject([
    { account: 'shop', appid: appids.shop, status: 'complete', added: 20 },
    { account: 'club', appid: appids.club, status: 'complete', added: 19 },
  ])
  expect(await world.lines('lookup', unionid)).toMatchObject([
    {
      unionid,
      accounts: [
        { account: 'shop', openid: world.at('shop').userAt(0).openid },
        { account: 'club', appid: appids.club, openid: world.at('club').userAt(0).openid },
      ],
    },
  ])
  expect(await world.lines('lookup', unionid, '--account', 'club')).toMatchObject([
    { unionid, account: 'club' },
  ])

  await world.service('worker')
  for (const [name, id] of [
    ['shop', 'both'],
    ['club', 'both'],
    ['club', 'only'],
  ] as const) {
    const [record] = await world.lines(...world.push(name, 0, '--id', id, '--wait'))
    expect(record).toMatchObject({ id, account: name, appid: appids[name], status: 'sent' })
  }
  expect(await world.lines('show', 'only')).toMatchObject([{ id: 'only', account: 'club' }])
  const both = await world.run(['show', 'both', '--json'])
  expect(both.code).toBe(2)
  expect(JSON.parse(both.stdout).error).toMatchObject({
    code: 'ambiguous_push',
    message: expect.stringMatching('shop, club'),
  })
  expect(await world.lines('show', 'both', '--account', appids.shop)).toMatchObject([{ account: 'shop' }])
  expect((await world.run(['cancel', 'both'])).code).toBe(2)
  const history = await world.lines('history')
  expect(history.map(({ account, id }) => `${account} ${id}`)).toEqual([
    'club only',
    'club both',
    'shop both',
  ])
  expect(await world.lines('history', '--limit', '1')).toMatchObject([{ id: 'only' }])
  const lines = (await world.run(['history'])).stdout.trim().split('\n')
  expect(lines.map((line) => line.split(/ {2,}/).slice(-2))).toEqual([
    ['only', 'club'],
    ['both', 'club'],
    ['both', 'shop'],
  ])
  const alone = (await world.run(['history', '--account', 'shop'])).stdout.trim()
  expect(alone.split(/ {2,}/).at(-1)).toBe('both')

  const later = ['--data', '{"data1":"x","data2":"y"}', '--all', '--at', '2099-01-01T00:00:00Z']
  const create = ['broadcast', 'create', '--template', 't', ...later]
  expect((await world.run(create)).code).toBe(2)
  const [created] = await world.lines(...create, '--account', 'club')
  expect(await world.lines('broadcast', 'show', String(created?.id))).toMatchObject([{ account: 'club' }])
  expect(await world.lines('broadcast', 'list')).toMatchObject([{ id: created?.id, account: 'club' }])
  expect((await world.run(['broadcast', 'list'])).stdout).toMatch(`club  ${created?.id}  scheduled`)
  const [status] = await world.lines('status')
  expect(status.accounts).toMatchObject([
    { account: 'shop', appid: appids.shop, today: { sent: 1 } },
    { account: 'club', appid: appids.club, today: { sent: 2 } },
  ])
  const templates = await world.lines('templates')
  expect(new Set(templates.map(({ account }) => account))).toEqual(new Set(['shop', 'club']))

  for (const words of [
    ['token'],
    ['pause'],
    ['resume'],
    world.push('shop', 0).filter((word) => !/account|shop/.test(word)),
  ]) {
    const { code, stderr } = await world.run(words)
    expect(code).toBe(2)
    expect(stderr).toMatch(/shop, club/)
  }
  const unknown = await world.run(['status', '--account', 'nobody'])
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toMatch("--account expects one of shop, club, got 'nobody'")
  expect(await world.lines('pause', '--account', 'club')).toMatchObject([
    { account: 'club', appid: appids.club, paused: { reason: 'manual' } },
  ])
})

test('what is wrong with the file is said at once', async () => {
  const world = await startAccountsWorld(['shop'])
  world.writeAccounts([
    { name: 'shop', appid: 'wxa' },
    { name: 'shop', appid: 'wxb', secret: 'se cret' },
  ])
  const { code, stderr } = await world.run(['worker'], { WECHAT_APPID: 'wxa' })
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /WECHAT_APPID: .*\n.*accounts\[0\]\.secret: .*\n.*accounts\[1\]\.secret: .*\n.*accounts\[1\]\.name: /,
  )
  expect(stderr).not.toMatch('se cret')
})

test('on SIGHUP accounts come, change and go, and the others do not notice', async () => {
  const world = await startAccountsWorld(['stays', 'changes', 'goes', 'comes'])
  const port = await findFreePort()
  const callback = { token: 'before' }
  const first = [
    world.toEntry('stays', { callback }),
    world.toEntry('changes', { secret: 'wrong', callback }),
    world.toEntry('goes'),
  ]
  world.writeAccounts(first)
  const service = await world.service('start', { HTTP_PORT: String(port) })
  const urlOf = (name: string) => `http://127.0.0.1:${port}/wechat/callback/${world.at(name).appid}`
  const check = (name: string, token: string) => world.at(name).setCallback({ url: urlOf(name), token })
  expect(await check('stays', 'before')).toMatchObject({ ok: true })
  const isSynced = (name: string) => world.at(name).stats().batchgetOpenids === 20
  await vi.waitUntil(() => isSynced('stays') && isSynced('goes'), soon)

  writeFileSync(world.path, '{"accounts": [')
  service.child.kill('SIGHUP')
  await service.waitFor(/ACCOUNTS_FILE cannot be used, the accounts stay as they were/)
  expect(await check('stays', 'before')).toMatchObject({ ok: true })

  world.writeAccounts(first)
  // It is being sent when its account goes.
  world.at('goes').addFault({ path: '/cgi-bin/message/template/send', action: { delayMs: 1_500 }, times: 1 })
  await world.run(world.push('goes', 0, '--id', 'last'))
  await vi.waitUntil(() => world.at('goes').stats().inFlight.now === 1, soon)
  world.writeAccounts([
    world.toEntry('stays', { callback }),
    world.toEntry('changes', { callback: { token: 'after' } }),
    world.toEntry('comes'),
  ])
  const callsBefore = world.at('stays').stats().calls['/cgi-bin/user/get']
  service.child.kill('SIGHUP')
  await service.waitFor(/"added":\["comes"\],"removed":\["goes"\],"changed":\["changes"\]/)
  await vi.waitUntil(() => isSynced('comes') && isSynced('changes'), soon)
  await vi.waitUntil(() => world.at('goes').stats().accepted === 1, soon)
  expect(world.at('stays').stats().calls['/cgi-bin/user/get']).toBe(callsBefore)
  expect(await check('changes', 'after')).toMatchObject({ ok: true })
  expect(await check('changes', 'before')).toMatchObject({ ok: false })
  for (const name of ['stays', 'changes', 'comes']) {
    const [record] = await world.lines(...world.push(name, 1, '--wait', '--timeout', '60s'))
    expect(record).toMatchObject({ account: name, status: 'sent' })
  }
  const gone = await world.run(world.push('goes', 1))
  expect(gone.code).toBe(2)

  service.child.kill('SIGTERM')
  expect(await service.ended).toMatchObject({ code: 0 })
})
