import { expect, test, vi } from 'vitest'
import { runCli, startCli } from '../helpers/cli.ts'
import { findKeys, listLeftovers, runBroadcastDemo } from '../helpers/demo.ts'
import { makeDir, redisUrl } from '../helpers/pushing.ts'
import { needRedis } from '../helpers/redisNeeded.ts'

vi.setConfig({ testTimeout: 240_000 })

test.each(['embedded', 'redis'])(
  'without any configuration everything adds up with the %s queue',
  async (queue) => {
    if (queue === 'redis') needRedis()
    const cwd = await makeDir()
    const env = { TMPDIR: cwd, ...(queue === 'redis' && { REDIS_URL: redisUrl }) }
    const { code, stdout, stderr } = await runCli(['demo', '--json'], { cwd, env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({
      ok: true,
      queueBackend: queue,
      firstSync: { status: 'complete', seen: 24_900, fetched: 24_900, added: 24_900 },
      secondSync: { status: 'complete', added: 0, updated: 0, unsubscribed: 60 },
      again: { queued: 0, duplicates: 2_000 },
      total: { asked: 2_000, sent: 1_700, skipped: 200, rejected: 100 },
      wechat: { accepted: 1_700, acceptedTwice: 0, refused: 100, tokens: 2 },
      problems: [],
    })
    expect(result.wechat.busy).toBeGreaterThan(1)
    expect(result.firstSync.withoutUnionid).toBeGreaterThan(300)
    expect(result.secondSync.fetched).toBe(result.firstSync.withoutUnionid)
    expect(await listLeftovers(cwd)).toEqual([])
    expect(await findKeys(result.firstSync.account)).toEqual([])
  },
)

test('with --broadcast a worker is killed in the middle, and everything adds up', () =>
  runBroadcastDemo('embedded'))

test('people are told of every step; Ctrl-C leaves nothing behind', async () => {
  const cwd = await makeDir()
  const demo = startCli(['demo'], { cwd, env: { TMPDIR: cwd } })
  await demo.waitFor(/Worker +starts, .+ takes 5 to 30 s\n(.*\n)*Worker +ready after \d+/)
  await demo.waitFor(/Pushes +2,000 are queued/)
  const steps = demo.stderr().match(/^\w+/gm) ?? []
  expect([...new Set(steps)]).toEqual(['A', 'It', 'First', 'Second', 'Worker', 'Receipts', 'Pushes'])
  expect(await listLeftovers(cwd)).toHaveLength(1)
  demo.child.kill('SIGINT')
  const { code, stdout, stderr } = await demo.ended
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/\nunionpush demo: The demo was stopped\n$/)
  expect(await listLeftovers(cwd)).toEqual([])
})

test('with --page it goes on, has a page with something to see, and Ctrl-C leaves nothing behind', async () => {
  needRedis()
  const cwd = await makeDir()
  const demo = startCli(['demo', '--page', '--json'], { cwd, env: { TMPDIR: cwd, REDIS_URL: redisUrl } })
  await demo.waitFor(/"key"/)
  const { url, key } = JSON.parse(demo.stdout())
  const ask = async (path: string) => {
    const answer = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } })
    return JSON.parse(await answer.text())
  }
  expect(await (await fetch(url)).text()).toMatch(/<script type="module" src="\/assets\//)
  await vi.waitUntil(async () => (await ask('v1/pushes?status=rejected')).items.length > 0, {
    timeout: 30_000,
  })
  const [account] = (await ask('v1/status')).accounts
  expect(account.followers.subscribed).toBe(3_000)
  expect((await ask('v1/broadcasts')).items).toHaveLength(1)
  demo.child.kill('SIGINT')
  expect((await demo.ended).code).toBe(0)
  expect(await listLeftovers(cwd)).toEqual([])
  expect(await findKeys(account.appid)).toEqual([])
})

test('--page that is stopped before there is a page names none, and leaves nothing behind', async () => {
  needRedis()
  const cwd = await makeDir()
  const demo = startCli(['demo', '--page'], { cwd, env: { TMPDIR: cwd, REDIS_URL: redisUrl } })
  await demo.waitFor(/A fake WeChat with 3,000 followers answers/)
  // One Ctrl-C may come twice: the terminal sends it to npm and tsx too, and they pass on what they get.
  demo.child.kill('SIGINT')
  demo.child.kill('SIGTERM')
  const { code, stdout } = await demo.ended
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(await listLeftovers(cwd)).toEqual([])
})
