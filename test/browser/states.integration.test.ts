import { expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../../src/app.ts'
import { startApiWorld } from '../helpers/apiWorld.ts'
import { openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 120_000 })

test('twelve hours after the login the page asks for the key again', async () => {
  const world = await startApiWorld()
  const { page } = await openPage(world)
  await page.getByText(/^All is well/).waitFor()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11.9 * 3_600_000 })
  onTestFinished(() => void vi.useRealTimers())
  await page.getByRole('link', { name: 'Audit' }).click()
  await page.getByText('Who changed what with which key.').waitFor()
  vi.setSystemTime(Date.now() + 0.2 * 3_600_000)
  // Not by its link: what the page asks by itself may be refused first, and the links are gone.
  await page.evaluate(`location.hash = '#/broadcasts'`)
  await page.getByLabel('API key').waitFor()
})

test('a server that comes back is noticed, and what was looked at goes on after the login', async () => {
  const world = await startApiWorld()
  const { page } = await openPage(world, { address: '/failed' })
  await page.getByText('There are none.').waitFor()
  await world.app.close()
  await page.getByText('The connection to the server is gone').waitFor({ timeout: 20_000 })
  const { config } = world.account
  const app = await createApp(
    { ...config, accounts: [config], http: { ...config.http, port: Number(new URL(world.url).port) } },
    world.log,
  )
  onTestFinished(() => app.close())
  await app.startHttp()
  await page.getByLabel('API key').waitFor({ timeout: 20_000 })
  await page.getByLabel('API key').fill('operate-key-0123456789abcdef')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Failed' }).waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  expect(await page.getByText('The connection to the server is gone').count()).toBe(0)
})

test('a tab in the background asks nothing and keeps nothing open', async () => {
  const world = await startApiWorld()
  const { page, requests } = await openPage(world)
  await page.getByText('live', { exact: true }).waitFor()
  const turn = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`)
  const closed = page.waitForEvent(
    'requestfailed',
    (request) => new URL(request.url()).pathname === '/v1/events',
  )
  await turn(true)
  await closed
  await new Promise((resolve) => setTimeout(resolve, 500))
  const before = requests.length
  await world.post('/v1/pause', { reason: 'while nobody looked' })
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  expect(requests.slice(before)).toEqual([])
  await turn(false)
  await page.getByText('Paused by hand: while nobody looked').waitFor()
  await page.getByText('live', { exact: true }).waitFor()
})

test('a server slower than what changes is waited for', async () => {
  const world = await startApiWorld()
  await world.post('/v1/pushes', world.message(0, { id: 'order-1' }))
  const { page, show } = await openPage(world, { role: 'view' })
  await page.getByText('live', { exact: true }).waitFor()
  await page.route('**/v1/pushes/order-1', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    await route.continue().catch(() => undefined)
  })
  const traffic = setInterval(() => void world.post('/v1/pushes', world.message(0)), 400)
  onTestFinished(() => clearInterval(traffic))
  await show('/search?q=order-1')
  await page.getByText('It waits for its turn or its time.').waitFor({ timeout: 15_000 })
})
