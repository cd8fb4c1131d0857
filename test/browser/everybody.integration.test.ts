import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { type ApiWorld, startApiWorld } from '../helpers/apiWorld.ts'
import { findFaults, openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 120_000 })

const views = [
  'overview',
  'search?q=order-1',
  'failed',
  'broadcasts',
  'broadcasts/new',
  'broadcasts/b1',
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

test.each(looks)(
  'in %s, %s, %i px wide every view can be read by everybody',
  async (locale, colorScheme, width) => {
    const world = await startApiWorld()
    await world.app.startWorker()
    await world.post('/v1/pushes', world.message(0, { id: 'order-1', templateId: 'x'.repeat(43) }))
    await world.ended('order-1')
    const broadcast = await addBroadcast(world)
    const { page, show } = await openPage(world, { locale, colorScheme, viewport: { width, height: 800 } })
    const isChinese = locale === 'zh-CN'
    expect(await page.locator('html').getAttribute('lang')).toBe(isChinese ? 'zh-CN' : 'en')
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(ground).toBe(colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(246, 247, 248)')
    for (const view of views) {
      await show(`/${view.replace('b1', broadcast)}`)
      await page
        .getByText(isChinese ? '加载中…' : 'Loading …')
        .first()
        .waitFor({ state: 'detached' })
      if (view === 'broadcasts/new') {
        await page.locator('main select').first().selectOption({ index: 1 })
        await page.locator('main select').last().selectOption('file')
        await page.locator('textarea').fill('unionid\nno id')
      }
      // Also what is behind a click: tables of charts, previews, more settings.
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
      expect(await findFaults(page), view).toEqual([])
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, `${view} is wider than the screen`).toBeLessThanOrEqual(0)
      if (isChinese) expect(await page.locator('h1').textContent()).toMatch(/^\p{Script=Han}+$/u)
    }
  },
)

async function addBroadcast({ post, message }: ApiWorld): Promise<string> {
  const { templateId, data } = message(0)
  const { body } = await post('/v1/broadcasts', { templateId, data, audience: { all: true }, name: '双十二' })
  return body.id
}

test('the form to log in can be read by everybody', async () => {
  const world = await startApiWorld({ synced: false })
  const { page } = await openPage(world, { role: null })
  await page.getByLabel('API key').waitFor()
  expect(await findFaults(page)).toEqual([])
})

test('on a narrow screen one sees where one is, and no key lies on what it does', async () => {
  const world = await startApiWorld({ synced: false })
  const { page, show } = await openPage(world, { viewport: { width: 360, height: 800 } })
  await show('/audit')
  const right = 'document.querySelector("nav a[aria-current]").getBoundingClientRect().right'
  await expect.poll(() => page.evaluate(right)).toBeLessThanOrEqual(360)
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  const onText = `[...document.querySelectorAll('.keys div')].filter((row) =>
    row.querySelector('kbd:last-child').getBoundingClientRect().right >
      row.querySelector('dd').getBoundingClientRect().left).length`
  expect(await page.evaluate(onText)).toBe(0)
})

test('language and colours are chosen, at once, and remembered', async () => {
  const world = await startApiWorld({ synced: false })
  const { page } = await openPage(world)
  await page.getByLabel('Language').selectOption('zh')
  await page.getByRole('heading', { name: '概览', exact: true }).waitFor()
  await page.getByLabel('配色').selectOption('dark')
  await page.reload()
  await page.getByRole('heading', { name: '概览', exact: true }).waitFor()
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  expect(await ground()).toBe('rgb(20, 23, 26)')
  await page.emulateMedia({ media: 'print' })
  expect(await ground()).toBe('rgb(246, 247, 248)')
})

test('what the server keeps is read in the language that is chosen, and so is what it tells by itself', async () => {
  const world = await startApiWorld({ synced: false })
  await world.post('/v1/pause')
  const { page } = await openPage(world)
  await page.getByText('paused by a person').first().waitFor()
  await page.getByLabel('Language').selectOption('zh')
  await page.getByText('人工暂停').first().waitFor()
  await world.post('/v1/resume')
  await page.getByText('人工暂停').first().waitFor({ state: 'hidden' })
  await world.post('/v1/pause')
  await page.getByText('人工暂停').first().waitFor()
  expect(await page.getByText('paused by a person').count()).toBe(0)
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

  test('everything in every view is reached by Tab, and seen to be', async () => {
    const world = await startApiWorld()
    await world.app.startWorker()
    await world.post('/v1/pushes', world.message(0, { id: 'order-1', templateId: 'x'.repeat(43) }))
    await world.ended('order-1')
    const broadcast = await addBroadcast(world)
    const { page, show } = await openPage(world)
    for (const view of views) {
      await show(`/${view.replace('b1', broadcast)}`)
      await page.getByText('Loading …').first().waitFor({ state: 'detached' })
      await page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
      const count = await page.evaluate<number>(noteReachable)
      await page.evaluate('document.activeElement?.blur()')
      let missed: string[] = ['not looked']
      for (let n = count + 25; n > 0 && missed.length > 0; n -= 1) {
        await page.keyboard.press('Tab')
        const [name, outline, ...rest] = await page.evaluate<string[]>(noteFocus)
        if (name !== 'BODY') expect([view, name, outline]).toEqual([view, name, 'solid'])
        missed = rest
      }
      expect(missed, view).toEqual([])
    }
  })

  test('a broadcast is written, tried and sent', async () => {
    const world = await startApiWorld()
    await world.app.startWorker()
    const { page } = await openPage(world)
    await page.keyboard.press('4')
    await tabTo(page, 'New broadcast')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'New broadcast' }).waitFor()
    const { title = '' } =
      world.simulator.templates.find(({ content }) => content.includes('thing1.DATA')) ?? {}
    const focused = () => page.evaluate<string>('document.activeElement.tagName')
    await page.getByLabel('Template').waitFor()
    await expect.poll(focused).toBe('MAIN')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('SELECT')
    for (let n = 0; n < 20; n += 1) {
      const chosen = 'document.activeElement.selectedOptions[0].textContent'
      if ((await page.evaluate(chosen)) === title) break
      await page.keyboard.press('ArrowDown')
    }
    await page.getByLabel('thing1').waitFor()
    for (const text of ['双十二预告', '2026-12-12 00:00']) {
      await page.keyboard.press('Tab')
      await page.keyboard.insertText(text)
    }
    await tabTo(page, 'Dry run')
    await page.keyboard.press('Enter')
    await page.getByText('20 chosen, 20 of them').waitFor()
    await tabTo(page, 'Send to 20 users')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('finished', { exact: true }).waitFor({ timeout: 30_000 })
  })

  test('what failed is chosen by j and Space, and sent again', async () => {
    const world = await startApiWorld()
    await world.app.startWorker()
    for (const n of [0, 1]) {
      await world.post('/v1/pushes', world.message(n, { id: `bad-${n}`, templateId: 'x'.repeat(43) }))
      await world.ended(`bad-${n}`)
    }
    const { page } = await openPage(world)
    await page.keyboard.press('3')
    await page.getByRole('row').filter({ hasText: 'bad-0' }).waitFor()
    for (const key of ['j', 'j', 'Space']) await page.keyboard.press(key)
    await page.getByRole('button', { name: 'Send the chosen one again' }).waitFor()
    await tabTo(page, 'Send the chosen one again', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('1 push is in the queue again.').waitFor()
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
async function tabTo(page: Page, text: string, key = 'Tab'): Promise<void> {
  for (let n = 0; n < 30; n += 1) {
    if ((await page.evaluate('document.activeElement.textContent')) === text) return
    await page.keyboard.press(key)
  }
  throw new Error(`${text} is not reached by Tab`)
}

const nameOf = `const nameOf = (one) => [one.tagName, one.type, one.textContent?.trim() || one.ariaLabel || one.name || one.value].join(' ')`

/** What can be used in the view, but for boxes of which only the chosen one is reached, the others by the arrows. */
const noteReachable = `(() => {
  const wanted = 'a[href], button:not(:disabled), input, select, textarea, summary, [tabindex="0"]'
  const all = [...document.querySelectorAll('main ' + wanted.replaceAll(', ', ', main '))]
  // Themselves and not their names, which change with what the server answers.
  window.missed = new Set(all.filter((one) => one.checkVisibility() && !(one.type === 'radio' && !one.checked)))
  return window.missed.size
})()`

/** What has the focus, its outline, and what has had none yet. */
const noteFocus = `(() => {
  ${nameOf}
  const one = document.activeElement
  window.missed.delete(one)
  const seen = one === document.body ? ['BODY', ''] : [nameOf(one), getComputedStyle(one).outlineStyle]
  return [...seen, ...[...window.missed].filter((other) => other.isConnected).map(nameOf)]
})()`
