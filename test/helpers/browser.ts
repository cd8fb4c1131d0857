import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, expect, onTestFinished } from 'vitest'
import { type ApiWorld, apiKeys } from './apiWorld.ts'
import { chromiumPath, needChromium } from './redisNeeded.ts'

let browser: Promise<Browser> | undefined

/** One for all tests of a file. */
function openBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
  return browser
}

afterAll(async () => {
  await (await browser)?.close()
  browser = undefined
})

export interface OpenedPage {
  page: Page
  /** Everything the page asked for. */
  requests: string[]
  /** To a view, and waits for its heading. */
  show(address: string): Promise<void>
}

interface PageOptions extends BrowserContextOptions {
  /** Whose key it logs in with; null = with none. Default: `operate`. */
  role?: keyof typeof apiKeys | null
  /** Default: the overview. */
  address?: string
}

/** The page as a browser of its own shows it. That it asks nobody else, runs no foreign script and fails nowhere is seen at the end of each test. */
export async function openPage(world: Pick<ApiWorld, 'url'>, options: PageOptions = {}): Promise<OpenedPage> {
  needChromium()
  const { role = 'operate', address = '/overview', ...rest } = options
  const context = await (await openBrowser()).newContext({ locale: 'en-GB', ...rest })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const requests: string[] = []
  const faults: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) faults.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    expect(faults).toEqual([])
    expect(requests.filter((url) => !url.startsWith(`${world.url}/`))).toEqual([])
  })
  // It is built at the first request, for which a browser on a busy machine waits too short a time.
  await fetch(world.url)
  await page.goto(`${world.url}/#${address}`)
  if (role !== null) {
    await page.locator('#key').fill(apiKeys[role])
    await page.locator('form button').click()
    await page.getByRole('navigation').waitFor()
  }
  return {
    page,
    requests,
    async show(to) {
      await page.goto(`${world.url}/#${to}`)
      await page.locator(`nav a[aria-current][href="#/${to.split(/[/?]/)[1]}"]`).waitFor()
    },
  }
}

/** What axe finds wrong, by rule and element. What it finds right would be most of what it tells. */
export async function findFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source)
  return page.evaluate<string[]>(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 120))))`)
}
