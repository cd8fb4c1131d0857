import { expect, test, vi } from 'vitest'
import { startApiWorld } from '../helpers/apiWorld.ts'
import { openPage } from '../helpers/browser.ts'

vi.setConfig({ testTimeout: 120_000 })

test('a broadcast is written, tried, sent and followed to its end', async () => {
  const world = await startApiWorld({ simulator: { keepAccepted: true } })
  await world.app.startWorker()
  const { page } = await openPage(world, { address: '/broadcasts' })
  await page.getByText('There are no broadcasts yet.').waitFor()
  await page.getByRole('link', { name: 'New broadcast' }).click()
  const { templateId = '' } = world.message(0)
  await page.getByLabel('Template').selectOption(templateId)
  await page.getByLabel('thing1').fill('双十二预告')
  await page.getByLabel('time2').fill('2026-12-12 00:00')
  const preview = page.getByRole('group', { name: 'The message as the user sees it' })
  await preview.getByText('双十二预告').waitFor()
  await page.getByText('Time, pace and safety').click()
  await page.getByLabel('Name', { exact: true }).fill('Twelve twelve')
  const send = page.getByRole('button', { name: 'Send', exact: true })
  expect(await send.isDisabled()).toBe(true)
  const dryRun = page.getByRole('button', { name: 'Dry run' })
  // A part of the followers that is not said yet is nobody, and a pace that is no number is not none.
  for (const part of ['tag', 'since']) {
    await page.getByLabel('To whom').selectOption(part)
    expect(await dryRun.isDisabled()).toBe(true)
  }
  await page.getByLabel('To whom').selectOption('all')
  await page.getByLabel('Most a second').fill('100/s')
  await dryRun.click()
  await page.getByRole('alert').filter({ hasText: 'rate' }).waitFor()
  await page.getByLabel('Most a second').fill('')
  await dryRun.click()
  await page.getByText('20 chosen, 20 of them can be sent to.').waitFor()
  expect(world.simulator.stats().calls['/cgi-bin/message/template/send'] ?? 0).toBe(0)
  await page.getByLabel('thing1').fill('双十二')
  await page.getByText('The dry run comes first').waitFor()
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByRole('button', { name: 'Send to 20 users' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('20 users get this message.').waitFor()
  await dialog.getByRole('button').first().click()
  await page.getByRole('heading', { name: 'Twelve twelve' }).waitFor()
  await page.getByText('finished', { exact: true }).waitFor({ timeout: 30_000 })
  await page.getByText('20 of 20').waitFor()
  expect([...world.simulator.accepted()].map(({ data }) => data.thing1)).toEqual(
    Array.from({ length: 20 }, () => '双十二'),
  )
  await page.getByRole('link', { name: 'All broadcasts' }).click()
  await page.getByRole('row').filter({ hasText: 'Twelve twelve' }).getByText('finished').waitFor()
})

test('who leaves the form while it is sent stays where they went', async () => {
  const world = await startApiWorld()
  const { page, show } = await openPage(world, { address: '/broadcasts/new' })
  await page.getByLabel('Template').selectOption(world.message(0).templateId ?? '')
  await page.getByLabel('thing1').fill('双十二预告')
  await page.getByLabel('time2').fill('2026-12-12 00:00')
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByRole('button', { name: 'Send to 20 users' }).click()
  let answer = () => {}
  const left = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route('**/v1/broadcasts', async (route) => {
    const response = await route.fetch()
    await left
    await route.fulfill({ response })
  })
  const made = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.getByRole('dialog').getByRole('button').first().click()
  await show('/audit')
  answer()
  await (await made).finished()
  await page.getByRole('row').filter({ hasText: 'broadcast' }).waitFor()
  expect(page.url()).toBe(`${world.url}/#/audit`)
})

test('a file is checked line by line before anything is asked, and its good lines are sent to', async () => {
  const world = await startApiWorld({ simulator: { keepAccepted: true } })
  await world.app.startWorker()
  const { page, requests } = await openPage(world, { address: '/broadcasts/new' })
  const { templateId = '' } = world.message(0)
  await page.getByLabel('Template').selectOption(templateId)
  await page.getByLabel('thing1').fill('{{what}}')
  await page.getByLabel('time2').fill('2026-12-12 00:00')
  await page.getByLabel('To whom').selectOption('file')
  const [one, two] = [0, 1].map((n) => world.message(n).unionid)
  const before = requests.length
  const file = [
    'unionid,what',
    `${one},"红,苹果"`,
    '',
    `${two}`,
    'not an id,梨',
    ',梨',
    `${two},梨`,
    `${one},梨`,
  ]
  const buffer = Buffer.from(`unionid,what\n${one},苹果`)
  await page.locator('input[type=file]').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer })
  await page.getByText('one good line').waitFor()
  expect(await page.locator('textarea').inputValue()).toContain('苹果')
  // As Excel saves it in China: in GBK.
  const gbk = { 红: 'BAEC', 苹: 'C6BB', 果: 'B9FB', 梨: 'C0E6' }
  const bytes = Object.entries(gbk).reduce(
    (text, [letter, hex]) => text.replaceAll(letter, Buffer.from(hex, 'hex').toString('latin1')),
    file.join('\r\n'),
  )
  const dropped = await page.evaluateHandle(`(() => {
    const data = new DataTransfer()
    const bytes = Uint8Array.from(${JSON.stringify([...Buffer.from(bytes, 'latin1')])})
    data.items.add(new File([bytes], 'people.csv', { type: 'text/csv' }))
    return data
  })()`)
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: dropped })
  await page.getByText('3 good lines').waitFor()
  await page.getByText('In content and link, {{unionid}} {{what}} stand for').waitFor()
  await page.getByText('3 lines are left out:').waitFor()
  for (const line of [
    'line 4: 1 cell, but 2 columns',
    'line 5: “not an id” is no id: 1 to 128 letters, digits, _ and -',
    'line 6: no unionid and no openid',
  ])
    await page.getByText(line).waitFor()
  expect(requests.slice(before).filter((url) => url.endsWith('/broadcasts'))).toEqual([])
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByText('2 chosen, 2 of them can be sent to.').waitFor()
  await page.getByText(/^line 8: duplicate/).waitFor()
  await page.getByRole('button', { name: 'Send to 2 users' }).click()
  await page.getByRole('dialog').getByRole('button').first().click()
  await page.getByText('finished', { exact: true }).waitFor({ timeout: 30_000 })
  const texts = [...world.simulator.accepted()].map(({ data }) => data.thing1)
  expect(texts.sort()).toEqual(['红,苹果', '梨'].sort())
})

test('a template is shown with the data one fills in', async () => {
  const world = await startApiWorld()
  const { page } = await openPage(world, { address: '/templates' })
  const { templateId = '' } = world.message(0)
  const panel = page.getByRole('region').filter({ hasText: templateId })
  await panel.getByText('Preview with your own data').click()
  await panel.getByLabel('thing1').fill('两本书')
  const preview = panel.getByRole('group', { name: 'The message as the user sees it' })
  await preview.getByText('两本书').waitFor()
  expect(await preview.textContent()).toContain('[time2]')
})
