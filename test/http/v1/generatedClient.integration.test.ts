import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateApi } from 'swagger-typescript-api'
import { expect, test } from 'vitest'
import { apiKeys, startApiWorld } from '../../helpers/apiWorld.ts'

const run = promisify(execFile)
const bin = new URL('../../../node_modules/.bin/', import.meta.url).pathname

/** What somebody writes with a client made from the description; an error of its types that is missing is one, too. */
const program = `
import { Api, type Problem } from './api.ts'
declare const process: { argv: string[] }
const [, , baseUrl = '', key, unionid = '', templateId = ''] = process.argv
const headers = { authorization: \`Bearer \${key}\` }
const { v1 } = new Api({ baseUrl, baseApiParams: { headers } })

const message = { unionid, templateId, data: { thing1: '订单已发货', time2: '2026-11-20 15:01' }, id: 'p1' }
const first = (await v1.pushesCreate(message)).data
const status: 'queued' | 'duplicate' = first.status
const again = (await v1.pushesCreate(message)).data
const conflict: Problem = await v1.pushesCreate({ ...message, url: 'https://a.b' }).then(
  () => Promise.reject(new Error('it was taken')),
  (refused: { error: Problem }) => refused.error,
)
const pushes = [{ ...message, id: 'p2' }, { ...message, id: 'p3', data: { thing1: '' } }]
const batch = (await v1.pushesBatchCreate({ pushes, mode: 'permissive' })).data
const cancelled = (await v1.pushesCancelCreate('p2')).data
const shown = (await v1.pushesDetail('p2')).data
const reason: string | null = shown.reason
const listed: string[] = []
for (let cursor: string | undefined; ; ) {
  const page = (await v1.pushesList({ status: 'queued', limit: 1, ...(cursor && { cursor }) })).data
  listed.push(...page.items.map(({ id }) => id))
  if (page.next === null) break
  cursor = page.next
}
const paused = (await v1.pauseCreate({ reason: 'holiday' })).data
const resumed = (await v1.resumeCreate({})).data
const templates = (await v1.templatesList()).data.items.length
const audit = (await v1.auditList({ limit: 1 })).data.items.map(({ action, keyName }) => ({ action, keyName }))
const unknown = await v1.pushesDetail('nobody').catch((refused: { error: Problem }) => refused.error)

// @ts-expect-error: a message without a template
const wrong = () => v1.pushesCreate({ unionid, data: {} })
// @ts-expect-error: no such status
const odd = () => v1.pushesList({ status: 'lost' })
// @ts-expect-error: the time of a push that was not sent is null
const sentAt: string = shown.sentAt
void [wrong, odd, sentAt]

console.log(JSON.stringify({
  status, again: again.status, conflict: conflict.status, batch, cancelled, reason, listed,
  paused: 'paused' in paused && paused.paused !== null, resumed: 'paused' in resumed && resumed.paused === null,
  templates, audit, unknown: 'type' in unknown && unknown.type,
}))
`

test('a client generated from the description of the API has its types, and does with it what the API does', async () => {
  const { send, url, dir, message, simulator } = await startApiWorld()
  const description = await (await send('GET', '/v1/openapi.json')).text()
  await writeFile(join(dir, 'openapi.json'), description)
  await writeFile(join(dir, 'program.ts'), program)
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await generateApi({ input: join(dir, 'openapi.json'), output: dir, fileName: 'api.ts', silent: true })
  const options =
    '--noEmit --strict --module nodenext --target esnext --lib esnext,dom --types --skipLibCheck'
  const checked = [...options.split(' '), '--allowImportingTsExtensions', 'program.ts']
  const faults = await run(join(bin, 'tsc'), checked, { cwd: dir }).then(
    () => '',
    (error) => error.stdout,
  )
  expect(faults).toBe('')

  const { unionid = '', templateId = '' } = message(1)
  const { stdout } = await run(join(bin, 'tsx'), ['program.ts', url, apiKeys.operate, unionid, templateId], {
    cwd: dir,
  })
  expect(JSON.parse(stdout)).toEqual({
    status: 'queued',
    again: 'duplicate',
    conflict: 409,
    batch: { queued: 1, duplicates: 0, invalid: [{ index: 1, reason: expect.stringContaining('thing1') }] },
    cancelled: { id: 'p2', status: 'cancelled' },
    reason: 'cancelled',
    listed: ['p1'],
    paused: true,
    resumed: true,
    templates: simulator.templates.length,
    audit: [{ action: 'resume', keyName: 'operateer' }],
    unknown: 'urn:unionpush:unknown_push',
  })
}, 120_000)
