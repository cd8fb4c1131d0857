import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { startApiWorld } from '../helpers/apiWorld.ts'
import { openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 120_000 })

const views = [
  'overview',
  'search?q=order-1',
  'failed',
  'broadcasts',
  'broadcasts/new',
  'templates',
  'doctor',
  'audit',
]
const looks = [
  ['en-GB', 'light', 1_200],
  ['zh-CN', 'dark', 1_200],
  ['zh-CN', 'light', 360],
  ['en-GB', 'dark', 360],
] as const

/** What axe finds wrong, by rule and element. */
async function findFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`))
}

test.each(looks)(
  'in %s, %s, %i px wide every view can be read by everybody',
  async (locale, colorScheme, width) => {
    const world = await startApiWorld()
    await world.app.startWorker()
    await world.post('/v1/pushes', world.message(0, { id: 'order-1', templateId: 'x'.repeat(43) }))
    await world.ended('order-1')
    const { page, show } = await openPage(world, { locale, colorScheme, viewport: { width, height: 800 } })
    const isChinese = locale === 'zh-CN'
    expect(await page.locator('html').getAttribute('lang')).toBe(isChinese ? 'zh-CN' : 'en')
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(ground).toBe(colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(246, 247, 248)')
    for (const view of views) {
      await show(`/${view}`)
      await page
        .getByText(isChinese ? '加载中…' : 'Loading …')
        .first()
        .waitFor({ state: 'detached' })
      expect(await findFaults(page), view).toEqual([])
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, `${view} is wider than the screen`).toBeLessThanOrEqual(0)
      if (isChinese) expect(await page.locator('h1').textContent()).toMatch(/^\p{Script=Han}+$/u)
    }
  },
)

test('the form to log in can be read by everybody', async () => {
  const world = await startApiWorld({ synced: false })
  const { page } = await openPage(world, { role: null })
  await page.getByLabel('API key').waitFor()
  expect(await findFaults(page)).toEqual([])
})

test('language and colours are chosen, at once, and remembered', async () => {
  const world = await startApiWorld({ synced: false })
  const { page } = await openPage(world)
  await page.getByLabel('Language').selectOption('zh')
  await page.getByRole('heading', { name: '概览', exact: true }).waitFor()
  await page.getByLabel('配色').selectOption('dark')
  await page.reload()
  await page.getByRole('heading', { name: '概览', exact: true }).waitFor()
  const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
  expect(ground).toBe('rgb(20, 23, 26)')
})

describe('by keyboard alone', () => {
  test('one logs in, goes through the views and pauses', async () => {
    const world = await startApiWorld()
    const { page } = await openPage(world, { role: null })
    await page.getByLabel('API key').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('operate-key-0123456789abcdef')
    await page.keyboard.press('Enter')
    await page.getByText(/^All is well/).waitFor()
    await page.keyboard.press('?')
    const list = page.getByRole('dialog', { name: 'Keys' })
    await list.getByText('to the search box').waitFor()
    await page.keyboard.press('Escape')
    await list.waitFor({ state: 'hidden' })
    for (const [key, heading] of [
      ['3', 'Failed'],
      ['5', 'Templates'],
      ['/', 'Search'],
    ]) {
      await page.keyboard.press(key ?? '')
      await page.getByRole('heading', { level: 1, name: heading ?? '', exact: true }).waitFor()
    }
    await page.locator('input[type=search]:focus').waitFor()
    await page.keyboard.type('1')
    expect(await page.getByRole('searchbox').inputValue()).toBe('1')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('1')
    await page.getByText(/^All is well/).waitFor()
    await tabTo(page, 'Pause')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText(/^Paused by hand/).waitFor()
  })

  test('what has the focus is seen', async () => {
    const world = await startApiWorld()
    const { page } = await openPage(world)
    await page.getByText(/^All is well/).waitFor()
    await page.keyboard.press('Tab')
    const outline = () => page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
    for (let n = 0; n < 12; n += 1) {
      await page.keyboard.press('Tab')
      expect(await outline()).toBe('solid')
    }
  })
})

/** To the button with this text. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let n = 0; n < 30; n += 1) {
    if ((await page.evaluate('document.activeElement.textContent')) === text) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${text} is not reached by Tab`)
}
