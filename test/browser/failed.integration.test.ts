import { expect, test, vi } from 'vitest'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'
import { type ApiWorld, startApiWorld } from '../helpers/apiWorld.ts'
import { openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 180_000 })

/** Pushes that WeChat refused, for two reasons. */
async function addRefused({ account, appid, simulator }: ApiWorld, total: number): Promise<void> {
  const now = Date.now()
  for (let start = 0; start < total; start += 2_000) {
    await Promise.all(
      Array.from({ length: Math.min(2_000, total - start) }, (_, i) => {
        const n = start + i
        const id = `bad-${String(n).padStart(6, '0')}`
        const { unionid = '' } = simulator.userAt(n % 20)
        const push = { v: 1 as const, id, unionid, templateId: 'x'.repeat(43), data: {}, createdAt: now - n }
        const row = toNewRow(appid, push, { jobId: id, data: push, timestamp: 0, starts: 1 })
        const reason = n % 4 === 0 ? 'content_forbidden' : 'template_invalid'
        return account.pushes.add({ ...row, status: 'rejected', reason, attempts: 1, finishedAt: now - n })
      }),
    )
  }
}

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
