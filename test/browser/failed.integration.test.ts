import { expect, test, vi } from 'vitest'
import type { PushRow } from '../../src/db/pushes.ts'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'
import { type ApiWorld, startApiWorld } from '../helpers/apiWorld.ts'
import { findFaults, openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 180_000 })

/** Pushes that WeChat refused, for two reasons, or that ended otherwise. */
async function addRefused(
  { account, appid, simulator }: ApiWorld,
  total: number,
  name = 'bad',
  end: Partial<PushRow> = {},
): Promise<void> {
  const now = Date.now()
  for (let start = 0; start < total; start += 2_000) {
    await Promise.all(
      Array.from({ length: Math.min(2_000, total - start) }, (_, i) => {
        const n = start + i
        const id = `${name}-${String(n).padStart(6, '0')}`
        const { unionid = '' } = simulator.userAt(n % 20)
        const push = { v: 1 as const, id, unionid, templateId: 'x'.repeat(43), data: {}, createdAt: now - n }
        const row = toNewRow(appid, push, { jobId: id, data: push, timestamp: 0, starts: 1 })
        const reason = n % 4 === 0 ? 'content_forbidden' : 'template_invalid'
        return account.pushes.add({
          ...{ ...row, status: 'rejected', reason, attempts: 1, finishedAt: now - n },
          ...end,
        })
      }),
    )
  }
}

test('what another has sent again already, or what was not sent on purpose, is not sent again', async () => {
  const world = await startApiWorld()
  await addRefused(world, 2)
  const { page, show } = await openPage(world, { address: '/failed?reason=template_invalid' })
  const row = page.getByRole('row').filter({ hasText: 'bad-000001' })
  await row.waitFor()
  await page.getByRole('button', { name: 'Stop updates' }).click()
  expect((await world.post('/v1/pushes/bad-000001/retry', {})).body).toEqual({ retried: 1 })
  await row.getByRole('button', { name: 'Send again' }).click()
  await page.getByText('0 of 1 are in the queue again; the others have been sent again already.').waitFor()
  const gone = world.message(0, { id: 'gone', unionid: 'nobody' })
  await world.app.startWorker()
  await world.post('/v1/pushes', gone)
  await world.ended('gone')
  const since = new Date(Date.now() - 3 * 3_600_000).toISOString()
  await show(`/failed?reason=not_following&since=${since}`)
  await page.getByRole('row').filter({ hasText: 'gone' }).waitFor()
  expect(await page.getByRole('row').locator('button, input').count()).toBe(0)
  expect(await page.getByRole('button', { name: /again$/ }).count()).toBe(0)
  const span = page.getByLabel('Asked for within')
  expect(await span.locator(':checked').textContent()).toMatch(/^since .*\d:\d\d$/)
})

test('what is said to have failed is found, also what was asked for long before', async () => {
  const world = await startApiWorld()
  const createdAt = Date.now() - 3 * 3_600_000
  await addRefused(world, 25, 'old', { status: 'undelivered', reason: 'user_block', createdAt })
  // What was not sent on purpose is no failure, and what was sent before did arrive.
  await addRefused(world, 30, 'skip', { status: 'skipped', reason: 'not_following' })
  await addRefused(world, 1, 'sent', { status: 'sent', reason: 'already_sent' })
  const { page, show } = await openPage(world)
  await page.getByText('Mostly: the user blocks messages (25).').waitFor()
  await page.getByRole('link', { name: /does not follow/ }).waitFor()
  expect(await page.getByRole('link', { name: /earlier try/ }).count()).toBe(0)
  await page.getByRole('button', { name: 'Show them' }).click()
  await page.getByText('25 more, asked for before').waitFor()
  await page.getByRole('link', { name: 'the last 90 days' }).click()
  await page.getByRole('row').filter({ hasText: 'old-000000' }).waitFor()
  expect(await page.getByText('more, asked').count()).toBe(0)
  await show('/search?q=sent-000000')
  await page.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('dialog').getByText('then it comes twice').waitFor()
})

/** A name as long as one may be, without a blank. */
const long = 'south'.repeat(8)

test('an id that two accounts have is looked up and sent again in its own, and buttons stay while figures change', async () => {
  const world = await startApiWorld({ names: ['north', long] })
  for (const account of world.app.accounts()) await addRefused({ ...world, account, appid: account.appid }, 1)
  const { title } = world.simulator.templates.find(({ content }) => content.includes('thing1.DATA')) ?? {}
  const { page, show } = await openPage(world, { address: '/failed?reason=content_forbidden' })
  await page.getByRole('row').filter({ hasText: 'bad-000000' }).nth(1).waitFor()
  await page.getByRole('link', { name: 'bad-000000' }).first().click()
  await page.getByText('It did not go out').waitFor()
  await page.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('dialog').getByRole('button').first().click()
  await page.getByText('A try failed; the next one comes by itself.').waitFor()
  const { items } = (await world.get('/v1/pushes?status=rejected')).body
  expect(items).toHaveLength(1)
  await page.goto(`${world.url}/#/search?q=bad-000000`)
  await page.locator('main').getByRole('link', { name: items[0].account }).click()
  await page.getByText('It did not go out').waitFor()
  for (const account of ['north', long]) await world.post('/v1/pause', { account, reason: long.repeat(5) })
  await page.goto(`${world.url}/#/overview`)
  const verdict = page.getByRole('region', { name: 'How it is' })
  await verdict.locator('.headline').filter({ hasText: 'north: ' }).waitFor()
  const second = verdict.getByRole('listitem').filter({ hasText: `${long}: ` })
  await second.waitFor()
  const button = await second.getByRole('button').elementHandle()
  const before = await second.textContent()
  await world.post('/v1/pushes', world.message(0, { account: long }))
  await expect.poll(() => second.textContent(), { timeout: 10_000 }).not.toBe(before)
  expect(await button?.isVisible()).toBe(true)
  await page.setViewportSize({ width: 360, height: 800 })
  for (const view of ['overview', 'failed', 'templates']) {
    await show(`/${view}`)
    await page.getByText('Loading …').first().waitFor({ state: 'detached' })
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), view).toBe(0)
  }
  // Of templates by the same title in two accounts each is its own, to whoever hears the page too.
  expect(await findFaults(page)).toEqual([])
  const template = page.getByRole('region', { name: new RegExp(`^${title} .* ${long}$`) })
  await template.getByRole('link', { name: 'New broadcast' }).click()
  await page.getByLabel('thing1').waitFor()
  expect(await page.getByLabel('Account').inputValue()).toBe(long)
})

const sends = ({ simulator }: ApiWorld) => simulator.stats().calls['/cgi-bin/message/template/send'] ?? 0

test('a hundred thousand failed pushes are counted right and shown quickly', async () => {
  const world = await startApiWorld()
  await addRefused(world, 100_000)
  const { page, show } = await openPage(world, { address: '/search' })
  const begun = performance.now()
  await show('/failed')
  await page.getByRole('row').filter({ hasText: 'bad-000000' }).waitFor()
  await page
    .getByRole('link', { name: /template not valid/ })
    .filter({ hasText: '75,000' })
    .waitFor()
  await page
    .getByRole('link', { name: /content forbidden/ })
    .filter({ hasText: '25,000' })
    .waitFor()
  const shown = performance.now() - begun
  await page.getByRole('button', { name: 'Send all 100,000 again' }).waitFor({ timeout: 30_000 })
  const counted = performance.now() - begun
  process.stderr.write(
    `100,000 failed: shown after ${Math.round(shown)} ms, counted after ${Math.round(counted)} ms\n`,
  )
  expect(shown).toBeLessThan(10_000)
  expect(await page.getByRole('row').count()).toBe(101)
  await page.getByRole('link', { name: /content forbidden/ }).click()
  await page.getByRole('button', { name: 'Send all 25,000 again' }).waitFor({ timeout: 30_000 })
  await page.getByText('Only').or(page.getByText('100,000 are left today')).first().waitFor()
  await page.getByRole('link', { name: 'Older ones' }).click()
  await page.getByRole('row').filter({ hasText: 'bad-000400' }).waitFor()
})

test('sending many again says how far it is and can be stopped; none of them is sent twice', async () => {
  const world = await startApiWorld()
  await addRefused(world, 2_600)
  await world.app.startWorker()
  const { page, show } = await openPage(world, { address: '/failed' })
  await page.getByText('2,600 new messages: about').waitFor()
  const all = () => page.getByRole('button', { name: /^Send all [\d,]+ again$/ })
  await all().click()
  await page.getByRole('dialog').getByText('100,000 are left today.').waitFor()
  // Each part is held up, so that there is something to see between them.
  let parts = 0
  await page.route('**/v1/pushes/retry', async (route) => {
    if (!route.request().postData()?.includes('dryRun')) {
      parts += 1
      await new Promise((resolve) => setTimeout(resolve, 700))
    }
    await route.continue()
  })
  await page.getByRole('dialog').getByRole('button').first().click()
  await page.getByText('500 of 2,600').waitFor()
  await show('/broadcasts')
  await show('/failed')
  await page.getByText(/^\s*[\d,]+ of 2,600/).waitFor()
  expect(await all().isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByText(/^Stopped: [\d,]+ of 2,600 are in the queue again/).waitFor()
  const stopped = parts
  expect(stopped).toBeLessThan(6)
  await expect.poll(() => sends(world), { timeout: 60_000 }).toBe(stopped * 500)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect([parts, sends(world)]).toEqual([stopped, stopped * 500])
  const seen = new Map<number, number>()
  for await (const { generation } of world.account.pushes.history())
    seen.set(generation, (seen.get(generation) ?? 0) + 1)
  expect(seen.get(1)).toBe(stopped * 500)
  expect(seen.get(0)).toBe(2_600 - stopped * 500)
  expect([...seen.keys()].sort()).toEqual([0, 1])
})
