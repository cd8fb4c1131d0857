import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'
import { startApiWorld } from '../helpers/apiWorld.ts'
import { openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 180_000 })

/** Each in a form that runs wherever it is taken for markup; openPage fails a test in which one does. */
function toScripts(name: string): string {
  return `${name}<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>`
}

test('nothing that comes from outside runs in the page, and all of it is shown', async () => {
  const template = {
    templateId: randomBytes(32).toString('base64url'),
    title: toScripts('title'),
    content: `内容:{{thing1.DATA}}\n${toScripts('content')}`,
    example: toScripts('example'),
  }
  const world = await startApiWorld({ simulator: { templates: [template] } })
  const { account, appid, simulator } = world
  const { openid, unionid = '' } = simulator.userAt(0)
  const { followers, pushes, refreshTemplates } = account
  await followers.upsert([{ openid, unionid, subscribed: true, remark: toScripts('remark') }], {
    at: Date.now(),
  })
  await refreshTemplates()
  const id = toScripts('id')
  const push = {
    v: 1 as const,
    id,
    unionid,
    templateId: template.templateId,
    data: {},
    createdAt: Date.now(),
  }
  const row = toNewRow(appid, push, { jobId: 'j', data: push, timestamp: 0, starts: 1 })
  await pushes.add({
    ...row,
    ...{ status: 'rejected', reason: 'data_invalid', detail: toScripts('detail'), rid: toScripts('rid') },
    ...{ errmsg: toScripts('errmsg'), finishedAt: Date.now() },
  })
  await world.post('/v1/pause', { reason: toScripts('why') })
  const name = toScripts('name').slice(0, 100)
  const audience = { rows: [{ unionid }] }
  const data = { thing1: toScripts('thing').slice(0, 20) }
  const made = await world.post('/v1/broadcasts', { templateId: template.templateId, data, audience, name })
  expect(made.status).toBe(201)

  const { page, show } = await openPage(world)
  const sees = async (text: string) => {
    await page.getByText(text, { exact: false }).first().waitFor()
    expect(await page.locator('img, svg, script:not([src])').count()).toBe(0)
  }
  await sees(toScripts('why'))
  await show('/failed')
  await sees(id)
  await sees(toScripts('detail'))
  await show(`/search?q=${encodeURIComponent(id)}`)
  await sees(toScripts('detail'))
  await sees(toScripts('rid'))
  await sees(toScripts('remark'))
  await show(`/search?q=${encodeURIComponent(toScripts('word'))}`)
  await sees(`Nothing is known by ${toScripts('word')}.`)
  await show('/templates')
  await sees(toScripts('title'))
  await sees(toScripts('example'))
  await page.getByLabel('with WeChat’s example').uncheck()
  await page.getByText('Preview with your own data').click()
  await page.getByLabel('thing1').fill(toScripts('typed'))
  await sees(toScripts('content'))
  await sees(toScripts('typed'))
  await show('/broadcasts')
  await sees(name)
  await page.getByRole('link', { name }).click()
  await page.getByRole('heading', { name }).waitFor()
  await show('/broadcasts/new')
  await page.getByLabel('Template').selectOption(template.templateId)
  await page.getByLabel('To whom').selectOption('file')
  const column = toScripts('column').replaceAll('"', '')
  await page
    .getByRole('textbox')
    .last()
    .fill(`unionid,${column}\n${toScripts('row').replaceAll('"', '')},${column}`)
  await sees('row<img src=x onerror=alert(1)')
  await page
    .getByRole('textbox')
    .last()
    .fill(JSON.stringify({ unionid, thing: '<svg onload=f(1)>' }))
  await page.getByLabel('thing1').fill('{{thing}}')
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByRole('status').filter({ hasText: 'thing1 = <svg onload=f(1)>' }).waitFor()
  await show('/audit')
  await sees(toScripts('why'))
  await show('/doctor')
  await page.getByText(/stands in the way/).waitFor({ timeout: 30_000 })
  await sees(toScripts('why'))
})
