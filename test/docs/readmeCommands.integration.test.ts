import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Queue } from 'bullmq'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { makeDir, redisUrl } from '../helpers/pushing.ts'
import { readPage, toCodeSpans, toCommandLines } from '../helpers/readme.ts'
import { openShell } from '../helpers/shell.ts'

const readme = readPage('README.md')
const simulatorPage = readPage('docs/en/simulator.md')
const steps = readme.blocks.filter(({ under }) => /^[2-5]\. /.test(under))
const [settings = ''] = steps.filter(({ text }) => text.startsWith('WECHAT_APPID=')).map(({ text }) => text)
const unionid = toExample(/--unionid (\S+)/)
const templateId = toExample(/--template (\S+)/)

/** The account of the README: the user and the template of its examples are there. */
async function startAccount() {
  const template = { templateId, title: '订单发货通知', content: '{{thing1.DATA}}\n{{time2.DATA}}\n' }
  const world = await startCliWorld({ templates: [template] })
  world.simulator.setUnionid(world.simulator.userAt(0).openid, unionid)
  const values = [world.appid, world.simulator.secret]
  const env = settings
    .replaceAll(/=(wx)?\.\.\.$/gm, () => `=${values.shift()}`)
    .replace(/^REDIS_URL=.*$/m, `REDIS_URL=${redisUrl}`)
  await writeFile(join(world.cwd, '.env'), `${env}WECHAT_API_BASE=${world.simulator.base}\n`)
  return { ...world, shell: await openShell(world.cwd) }
}

test('the first steps lead from an empty folder to a sent message, and jobs of other languages are sent too', async () => {
  const { simulator, shell, appid } = await startAccount()
  const outputs = new Map<string, string>()
  const lines = steps
    .filter(({ language, text }) => language === 'sh' && text.startsWith('npx unionpush'))
    .flatMap(toCommandLines)
  async function run(line: string): Promise<void> {
    const { code, stdout, stderr } = await shell.run(line)
    expect(code, `${line}\n${stderr}`).toBe(0)
    outputs.set(line.split(' ')[2] ?? '', stdout + stderr)
  }
  let service: Awaited<ReturnType<typeof shell.start>> | undefined
  let looks: Promise<void>[] = []
  for (const line of lines) {
    if (!/^npx unionpush (start|token|sync|push)/.test(line)) {
      looks.push(run(line))
      continue
    }
    // Each of these changes what the next ones find; those in between only look.
    await Promise.all(looks)
    looks = []
    if (line === 'npx unionpush start') service = await shell.start(line, /"msg":"ready"/)
    else await run(line)
  }
  await Promise.all(looks)
  expect([...outputs.keys()].sort()).toEqual(
    'failed history lookup push show status sync templates token'.split(' '),
  )
  expect(outputs.get('sync')).toMatch(/complete: 20 of 20 followers/)
  expect(outputs.get('lookup')).toContain(simulator.userAt(0).openid)
  expect(outputs.get('templates')).toContain(templateId)
  expect(outputs.get('push')).toMatch(/Status +sent/)
  expect(outputs.get('show')).toContain(unionid)
  expect(outputs.get('history')).toMatch(/sent .+ order-42-shipped/)
  expect(outputs.get('failed')).toContain('Nothing failed')
  expect(outputs.get('status')).toMatch(/Today +1 sent/)

  const job = toExampleJob()
  const queue = new Queue(`{push-${appid}}`, {
    prefix: 'unionpush',
    connection: { url: redisUrl },
  })
  await queue.add('any', { ...job, id: 'order-43-shipped' })
  await vi.waitUntil(() => [...simulator.accepted()].length === 2, { timeout: 10_000 })
  await queue.close()
  const expected = { openid: simulator.userAt(0).openid, templateId: job.templateId, data: job.data }
  expect([...simulator.accepted()]).toMatchObject([expected, expected])
  expect(await service?.stop()).toBe(0)
}, 120_000)

test('the simulator is started, asked and broken as shown, and has every control route of the table', async () => {
  const shell = await openShell(await makeDir())
  const [start = '', ...requests] = simulatorPage.blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(toCommandLines)
  const port = await findFreePort()
  await shell.start(start.replace('8080', String(port)), /answers at/)
  const answers = requests.map(async (line) => {
    const [, url = '', body] = /^curl "?(http[^\s"]+)"?(?: -d '(.+)')?$/.exec(line) ?? []
    const response = await fetch(url.replace('8080', String(port)), body ? { method: 'POST', body } : {})
    return { line, status: response.status, text: await response.text() }
  })
  const [users, stats, fault] = await Promise.all(answers)
  expect(users?.text.trim().split('\n')).toHaveLength(3)
  expect(stats?.text).toContain('"accepted":0')
  expect(fault).toMatchObject({ status: 200, text: '{"added":1}\n' })

  const faults = simulatorPage.blocks.find(({ language }) => language === 'json')?.text ?? ''
  const added = await fetch(`http://127.0.0.1:${port}/__sim/faults`, { method: 'POST', body: faults })
  expect(await added.text()).toBe('{"added":4}\n')

  const table = simulatorPage.tables.find(({ rows }) => rows[0]?.[0]?.includes('/__sim/faults'))
  const routes = (table?.rows ?? []).flatMap(([cell = '']) => toRoutes(cell))
  expect(routes.length).toBeGreaterThan(15)
  for (const [method, path] of routes) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    expect(await response.text(), `${method} ${path}`).not.toContain('unknown:')
  }
})

test('the fastify example takes what WeChat posts', async () => {
  const { simulator, shell, cwd } = await startAccount()
  const port = await findFreePort()
  const token = 'readme'
  const encodingAesKey = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP1'
  const { blocks } = readPage('docs/en/callbacks.md')
  const source = blocks.find(({ text }) => text.includes("from 'fastify'"))?.text ?? ''
  const program = source
    .replace("'unionpush'", `'${new URL('../../src/index.ts', import.meta.url)}'`)
    .replace("'fastify'", `'${import.meta.resolve('fastify')}'`)
    .replace('port: 3000 })', `port: ${port} })\nconsole.log('listens')`)
  await writeFile(join(cwd, 'server.mjs'), program)
  await shell.start(
    `env WECHAT_CALLBACK_TOKEN=${token} WECHAT_ENCODING_AES_KEY=${encodingAesKey} node server.mjs`,
    /listens/,
  )

  const url = `http://127.0.0.1:${port}/wechat/callback`
  // The first request loads the database from its source, which may take longer than WeChat waits.
  const save = async () =>
    expect(await simulator.setCallback({ url, token, encodingAesKey })).toEqual({ ok: true })
  await vi.waitFor(save, { timeout: 30_000 })
  const user = simulator.follow()
  const db = new Sqlite(join(cwd, 'data/unionpush.db'), { readonly: true })
  onTestFinished(() => void db.close())
  const find = db.prepare('select unionid, subscribed from followers where openid = ?')
  const expected = { unionid: user.unionid, subscribed: 1 }
  await vi.waitFor(() => expect(find.get(user.openid)).toEqual(expected), { timeout: 10_000, interval: 20 })
})

function toExample(pattern: RegExp): string {
  return steps.map(({ text }) => pattern.exec(text)?.[1]).find((found) => found !== undefined) ?? ''
}

function toExampleJob(): { templateId: string; data: Record<string, string> } {
  const [block] = readPage('docs/en/library.md').blocks.filter(({ language }) => language === 'json')
  return JSON.parse(block?.text ?? '')
}

/** `POST` `GET /a`, `/b` are four routes. */
function toRoutes(cell: string): [method: string, path: string][] {
  let methods: string[] = []
  let isComplete = false
  return toCodeSpans(cell).flatMap((code) => {
    const [, method, path] = /^([A-Z]+)?\s?(\/\S+)?$/.exec(code) ?? []
    if (method && isComplete) methods = []
    if (method) methods.push(method)
    isComplete = path !== undefined
    return path === undefined ? [] : methods.map((known): [string, string] => [known, path])
  })
}
