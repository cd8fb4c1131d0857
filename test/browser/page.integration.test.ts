import { expect, test, vi } from 'vitest'
import { nothingDone } from '../../src/db/syncRuns.ts'
import { type ApiWorld, apiKeys, startApiWorld } from '../helpers/apiWorld.ts'
import { openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 120_000 })

const script = '<img src=x onerror=alert(1)>'

/** With a worker, and what became of some pushes. */
async function startWorld() {
  const world = await startApiWorld()
  await world.app.startWorker()
  return world
}

async function push({ post, message, ended }: ApiWorld, n: number, more: object): Promise<string> {
  const { body } = await post('/v1/pushes', message(n, { ...more }))
  await ended(body.id)
  return body.id
}

test('a wrong key is told so; a right one opens the page until one logs out, also elsewhere', async () => {
  const world = await startApiWorld()
  const { page } = await openPage(world, { role: null })
  const key = page.getByLabel('API key')
  await key.fill('wrong-key-0123456789abcdef')
  await key.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'not one of HTTP_API_KEYS' }).waitFor()
  await key.fill(apiKeys.operate)
  await key.press('Enter')
  await page.getByText(/All is well|No follower/).waitFor()
  await page.reload()
  await page.getByText('operateer · may do everything').waitFor()
  const { page: other } = await openPage(world)
  await other.getByRole('button', { name: 'Log out everywhere' }).click()
  await other.getByRole('dialog').getByRole('button', { name: 'Log out everywhere' }).click()
  await Promise.all([page.getByLabel('API key').waitFor(), other.getByLabel('API key').waitFor()])
})

test('the overview says in one sentence how it is, and has the button for it', async () => {
  const world = await startApiWorld()
  const { page } = await openPage(world)
  await page.getByText(/^All is well: 0 sent/).waitFor()
  await page.getByLabel('Why pause?').fill(`stock count ${script}`)
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('dialog').getByText('none is lost').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
  const verdict = page.getByRole('region', { name: 'How it is' })
  await verdict.getByText(`Paused by hand: stock count ${script}. Waiting: 0.`).waitFor()
  await verdict.getByRole('button', { name: 'Resume' }).click()
  await page.getByText(/^All is well/).waitFor()
  expect((await world.get('/v1/status')).body.accounts[0].paused).toBeNull()
})

test('what others do is shown within two seconds, unless that is stopped', async () => {
  const world = await startApiWorld()
  const { page, requests } = await openPage(world)
  await page.getByText(/^All is well/).waitFor()
  await world.post('/v1/pause', { reason: 'from elsewhere' })
  await page.getByText('Paused by hand: from elsewhere').waitFor({ timeout: 4_000 })
  await page.getByRole('button', { name: 'Stop updates' }).click()
  await page.getByText('stopped', { exact: true }).waitFor()
  await vi.waitFor(() => expect(requests.length).toBeGreaterThan(0))
  await world.post('/v1/resume', {})
  const before = requests.length
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText(/^All is well/).waitFor({ timeout: 4_000 })
  expect(requests.length).toBeGreaterThan(before)
})

test('a server that is gone is said to be gone', async () => {
  const world = await startApiWorld()
  const { page } = await openPage(world)
  await page.getByText('live', { exact: true }).waitFor()
  // Through a proxy that answers in its place.
  await page.route('**/v1/**', (route) => route.fulfill({ status: 502, body: '<h1>Bad Gateway</h1>' }))
  await page.getByRole('button', { name: 'Stop updates' }).click()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('The connection to the server is gone').waitFor()
  await page.unroute('**/v1/**')
  await page.getByText('live', { exact: true }).waitFor()
  await page.getByText(/^All is well/).waitFor()
  await world.app.close()
  await page.getByText('The connection to the server is gone').waitFor({ timeout: 20_000 })
})

test('a role is offered what it may do', async () => {
  const world = await startApiWorld()
  const id = 'order-1'
  await world.post('/v1/pushes', world.message(0, { id }))
  const { page: view } = await openPage(world, { role: 'view' })
  await view.getByText(/^All is well|waits, and nothing/).waitFor()
  expect(await view.getByRole('button', { name: /Pause|Sync/ }).count()).toBe(0)
  const { page } = await openPage(world, { role: 'push' })
  expect(await page.getByRole('navigation').getByRole('link').allTextContents()).toEqual(['Search'])
  await page.getByRole('searchbox', { name: 'Push id' }).fill(id)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: `Push ${id}` }).waitFor()
})

test('one box finds a push, its user, and the pushes of that user, and tells the story', async () => {
  const world = await startWorld()
  const unionid = world.message(3).unionid ?? ''
  const id = await push(world, 3, { id: 'order-42' })
  const late = await push(world, 3, { id: script, templateId: 'x'.repeat(43) })
  const { page } = await openPage(world, { address: '/search' })
  const box = page.getByRole('searchbox')
  await expect.poll(() => page.locator(':focus').getAttribute('type')).toBe('search')
  await page.keyboard.type(id)
  await page.keyboard.press('Enter')
  await page.getByText('WeChat accepted it as message').waitFor()
  expect(page.url()).toBe(`${world.url}/#/search?q=${id}`)
  const { msgid, openid } = (await world.get(`/v1/pushes/${id}`)).body
  expect(msgid).toMatch(/^\d{15,}$/)
  await page.getByText(msgid).first().waitFor()
  await page.getByRole('heading', { name: /^The user in/ }).waitFor()
  // Nobody says that there is nothing before everything has answered.
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route('**/v1/pushes?**', async (route) => {
    await held
    await route.continue()
  })
  await page.evaluate(`new MutationObserver(() => {
    window.isDenied ||= document.body.textContent.includes('Nothing is known')
  }).observe(document.body, { childList: true, subtree: true })`)
  const user = page.waitForResponse(/\/v1\/users\//)
  for (const word of [openid, unionid]) {
    await box.fill(word)
    await page.keyboard.press('Enter')
    await (await user).finished()
    answer()
    await page.getByRole('row').filter({ hasText: id }).waitFor()
    await page.getByRole('row').filter({ hasText: script }).waitFor()
  }
  expect(await page.evaluate('window.isDenied')).toBe(false)
  await page.getByRole('link', { name: script }).click()
  await page.getByText('It did not go out').waitFor()
  await page.getByText('Choose a template of this account').waitFor()
  await box.fill(msgid)
  await page.keyboard.press('Enter')
  await page.getByRole('row').filter({ hasText: id }).waitFor()
  await box.fill(`nobody ${script}`)
  await page.keyboard.press('Enter')
  await page.getByText(`Nothing is known by nobody ${script}.`).waitFor()
  expect(late).toBe(script)
})

test('failed pushes are sent again one by one, some of them, or all that the filter means', async () => {
  const world = await startWorld()
  const bad = { templateId: 'x'.repeat(43) }
  for (const n of [0, 1, 2, 3]) await push(world, n, { id: `bad-${n}`, ...bad })
  const attempts = async () => world.simulator.stats().calls['/cgi-bin/message/template/send'] ?? 0
  const { page, show } = await openPage(world, { address: '/failed' })
  await page.getByRole('button', { name: 'Send all 4 again' }).waitFor()
  const tried = await attempts()
  await page.getByRole('row').filter({ hasText: 'bad-1' }).getByRole('button', { name: 'Send again' }).click()
  await page.getByText('1 push is in the queue again.').waitFor()
  await expect.poll(attempts).toBe(tried + 1)
  for (const id of ['bad-0', 'bad-2']) await page.getByLabel(`Choose ${id}`).check()
  await page.getByRole('button', { name: 'Send the 2 chosen again' }).click()
  await page.getByRole('dialog').getByText('2 new messages').waitFor()
  await page.getByRole('dialog').getByRole('button').first().click()
  await page.getByText('2 pushes are in the queue again.').waitFor()
  await expect.poll(attempts).toBe(tried + 3)
  await expect.poll(async () => (await world.get('/v1/pushes?status=rejected')).body.items.length).toBe(4)
  await show('/search')
  await show('/failed')
  await page.getByRole('button', { name: 'Send all 4 again' }).click()
  // What fails while one reads what one agrees to is not meant.
  await push(world, 9, { id: 'bad-9', ...bad })
  await page.getByRole('dialog').getByRole('button').first().click()
  await page.getByText('4 pushes are in the queue again.').waitFor()
  await expect.poll(attempts).toBe(tried + 8)
})

test('a user is found by the openid of the mini-program', async () => {
  const miniProgram = 'wx00000000000000aa'
  const env = { WECHAT_MINIPROGRAM_APPID: miniProgram, WECHAT_MINIPROGRAM_SECRET: 's'.repeat(32) }
  const world = await startApiWorld({ env })
  await world.app.startWorker()
  const { unionid = '' } = world.message(5)
  const id = await push(world, 5, { id: 'order-5' })
  const users = world.account.runtime.database.users(miniProgram)
  await users.recordLogin({ openid: 'mini-5', unionid, sessionKey: 'k', at: Date.now() })
  await users.recordLogin({ openid: 'mini-6', unionid: undefined, sessionKey: 'k', at: Date.now() })
  const { page, show } = await openPage(world, { address: '/search?q=mini-5' })
  await page.getByRole('heading', { name: `The user in the mini-program ${miniProgram}` }).waitFor()
  await page.getByRole('heading', { name: /^The user in wx/ }).waitFor()
  await page.getByRole('row').filter({ hasText: id }).waitFor()
  await show('/search?q=mini-6')
  await page.getByText('WeChat has told no unionid yet').waitFor()
})

test('the overview shows how long pushes wait, what is left of the quota, and how followers grow', async () => {
  const world = await startApiWorld()
  const { account, simulator } = world
  const { page } = await openPage(world)
  await page.getByText('100,000 of 100,000 left').waitFor()
  await page.getByText('The chart begins with the sync of the second day.').waitFor()
  const leases = account.leases
  await leases.acquire('test', 'me', 60_000)
  const days = [3, 2, 1].map((ago) => Date.now() - ago * 86_400_000)
  for (const [n, day] of days.entries()) {
    const { id } = await account.syncRuns.begin({ full: false, now: day, resumableSince: day })
    const held = { id, lease: 'test', owner: 'me' }
    await account.syncRuns.record(held, {
      step: nothingDone,
      position: { total: 1_000 + n, cursor: null, listed: true },
    })
    await account.syncRuns.finish(held, { status: 'complete', error: null, finishedAt: day })
  }
  await world.post('/v1/pushes', world.message(0))
  await page.getByText(/^1 waiting.* · the oldest for /).waitFor()
  await page.getByText('Followers at the last sync of each day').waitFor()
  const panel = page.getByRole('region', { name: /^Account/ })
  await panel.getByText('The same as a table').click()
  const cells = panel.getByRole('cell').filter({ hasText: /^1,00/ })
  expect(await cells.allTextContents()).toEqual(['1,002', '1,001', '1,000'])
  expect(simulator.stats().calls['/cgi-bin/openapi/quota/get']).toBe(1)
  // How long it waited is over with its wait, whatever the server has still to tell.
  await page.route('**/v1/overview', () => undefined)
  await world.app.startWorker()
  await page.getByText(/^0 waiting, 0 being sent/).waitFor()
  expect(await page.getByText('the oldest for').count()).toBe(0)
})

test('what failed is counted, in a chart and in a table, and each reason leads to its pushes', async () => {
  const world = await startWorld()
  await push(world, 0, { id: 'bad-0', templateId: 'x'.repeat(43) })
  await push(world, 1, { id: 'good-1' })
  const { page } = await openPage(world)
  await page.locator('.chart canvas').waitFor()
  await page.getByText('The same as a table').click()
  // A minute may have begun between the pushes, or since.
  const rows = await page.getByRole('row').filter({ hasText: /:/ }).all()
  const minutes = await Promise.all(rows.map((row) => row.getByRole('cell').allTextContents()))
  const sums = [0, 1, 2, 3, 4, 5].map((n) => minutes.reduce((sum, cells) => sum + Number(cells[n]), 0))
  expect(sums).toEqual([0, 1, 0, 0, 1, 0])
  await page.getByText('All is well: 1 sent in the last hour, 1 not delivered.').waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  await page.getByRole('link', { name: /template not valid/ }).click()
  await page.getByRole('row').filter({ hasText: 'bad-0' }).waitFor()
  expect(await page.getByRole('row').filter({ hasText: 'good-1' }).count()).toBe(0)
})

test('the audit names who changed what; only counting is no change', async () => {
  const world = await startWorld()
  await push(world, 0, { id: 'bad-0', templateId: 'x'.repeat(43) })
  await world.post('/v1/pause', { reason: script })
  const { page, show } = await openPage(world, { address: '/failed' })
  await page.getByRole('button', { name: 'Send the one there is again' }).waitFor()
  await show('/audit')
  const row = page.getByRole('row').filter({ hasText: 'operateer' })
  await row.filter({ hasText: 'pause' }).filter({ hasText: script }).waitFor()
  expect(await row.filter({ hasText: 'retry' }).count()).toBe(0)
})
