import { expect, test, vi } from 'vitest'
import { startCli } from '../helpers/cli.ts'
import { findKeys, listLeftovers, runDemo } from '../helpers/demo.ts'
import { makeDir, redisUrl } from '../helpers/pushing.ts'
import { needRedis } from '../helpers/redisNeeded.ts'

vi.setConfig({ testTimeout: 240_000 })

test('without any configuration everything adds up', () => runDemo('embedded'))

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
