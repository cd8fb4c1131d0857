import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../helpers/cli.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { findFreePort } from '../helpers/freePort.ts'

const timeout = 600_000
/** Of commands that look, or are refused. */
const atOnce = 6

/** What is called so in every language: names of commands, options, variables, statuses, and what others say. */
const names = [
  // Of Node.js and of the system; first, while all of its words are there.
  /is not valid JSON|no such file or directory/g,
  /\bunionpush( [a-z]+){0,2}( --?[a-z-]+)*/g,
  /--?[a-z][a-z-]*/g,
  /\b[A-Z][A-Z_]+\b/g,
  /`[^`]*`/g,
  /"[^"]*"/g,
  /'[^']*'/g,
  /\S*[/:@<>{}._=]\S*/g,
]

type Line = readonly [words: string[], more?: Record<string, string>]

/** Runs of three English words or more. */
function findEnglish(output: string): string[] {
  const rest = names.reduce((text, name) => text.replaceAll(name, ' · '), output)
  return rest.match(/[A-Za-z']{2,}(?: +[A-Za-z']{2,}){2,}/g) ?? []
}

test('what every command says is Chinese where that is wanted', { timeout }, async () => {
  const world = await startCliWorld()
  const { cwd, env, templateId } = world
  await world.sync()
  const unionid = world.simulator.userAt(0).unionid ?? ''
  const data = '{"thing1":"订单已发货","time2":"2026-11-20 15:01"}'
  await writeFile(
    join(cwd, 'a.csv'),
    `unionid,templateId,data.thing1\n${unionid},${templateId}\n,t,x\nu,t,\n`,
  )
  await writeFile(join(cwd, 'b.jsonl'), 'x\n[]\n{"openid":"o","data":7,"sendAt":"soon"}\n')
  await writeFile(join(cwd, 'audience.csv'), `unionid,name\n${unionid},张三\n${unionid},张三\n??,李四\n`)
  const receiver = createServer((_, response) => void response.writeHead(500).end())
  await new Promise<void>((resolve) => receiver.listen(0, () => resolve()))
  const address = receiver.address()
  const port = typeof address === 'object' ? address?.port : 0
  const more = {
    WEBHOOK_URL: `http://127.0.0.1:${port}/`,
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  }
  const message = ['--template', templateId, '--data', data]
  const broadcast = ['broadcast', 'create', '--file', 'audience.csv', ...message]
  const inTurn: Line[] = [
    [['sync']],
    [['sync', '--full']],
    [['status']],
    [['token']],
    [['push', '--unionid', unionid, '--id', 'a1', ...message]],
    [['push', '--unionid', unionid, '--id', 'a1', ...message]],
    [['push', '--unionid', unionid, '--id', 'a2', '--wait', '--timeout', '1s', ...message]],
    [['push', '--file', 'a.csv']],
    [['push', '--file', 'b.jsonl']],
    [['history']],
    [['failed']],
    [['failed', 'retry']],
    [['failed', 'retry', 'nothing']],
    [['cancel', 'a1']],
    [['pause', '--reason', '改价']],
    [['pause']],
    [['status']],
    [['resume']],
    [['resume']],
    [['templates', 'show', templateId, '--data', '{"thing1":"","x":"y"}']],
    [[...broadcast, '--dry-run']],
    [broadcast],
    [[...broadcast.slice(0, -2)]],
    [['broadcast', 'list']],
    [['webhooks', 'test'], more],
    [['webhooks', 'list'], more],
    [['webhooks', 'retry', '--since', '2h'], more],
    [['webhooks', 'enable'], more],
  ]
  const sideBySide: Line[] = [
    [['lookup', unionid]],
    [['templates', 'diff']],
    [['templates']],
    [['broadcast', 'jump', 'b1']],
    [['broadcast', 'pause', 'b1']],
    [['broadcast', 'show', 'b1']],
    [['templates', 'show', 'nothing']],
    [['cancel', 'nothing']],
    [['failed', 'again']],
    [['history', '--status', 'lost']],
    [['show', 'nothing']],
    [['push', '--file', 'a.csv', '--wait']],
    [['push', '--file', 'none.jsonl']],
    [['push', '--unionid', unionid, '--template', '?', '--data', '{"thing1":"","x y":1}', '--at', 'soon']],
    [['lookup', 'nobody']],
    [['webhooks', 'list']],
    [['webhooks', 'test']],
    [['audit']],
    [['migrate']],
    [['migrate', '--from', 'file:./a.db']],
    [['nope']],
    [['sync', '--ful']],
    [['lookup']],
    [['history', '--limit', 'x']],
    [['history', '--since', 'soon']],
    [['doctor', 'nope']],
    [['serve']],
    [['serve'], { HTTP_PORT: String(port), HTTP_API_KEYS: 'a:view:view-key-0123456789abcdef0123' }],
    [['status'], { REDIS_URL: `redis://127.0.0.1:${await findFreePort()}` }],
    [['cancel', 'a1'], { REDIS_URL: `redis://127.0.0.1:${await findFreePort()}` }],
    [['push', '--unionid', unionid, ...message], { REDIS_URL: `redis://127.0.0.1:${await findFreePort()}` }],
    [['status'], { DATABASE_URL: 'file:/proc/none/a.db' }],
    [['status'], { DATABASE_URL: `postgres://u:p@127.0.0.1:${await findFreePort()}/d` }],
    [['status'], { REDIS_URL: 'http://x', PUSH_RATE: 'fast', HTTP_API_KEYS: 'a:b', QUIET_HOURS: 'x' }],
    [['status'], { DATABASE_URL: 'postgres://h/d?sslmode=maybe', REDIS_URL: 'redis://h?x=1' }],
    [['status'], { ACCOUNTS_FILE: 'a.csv', WECHAT_APPID: '', WECHAT_SECRET: '' }],
    [['token'], { WECHAT_API_BASE: `http://127.0.0.1:${await findFreePort()}` }],
  ]
  const english: string[] = []
  async function run([words, others]: Line): Promise<void> {
    const { stdout, stderr } = await runCli(words, { cwd, env: { ...env, UNIONPUSH_LANG: 'zh', ...others } })
    for (const found of findEnglish(stdout + stderr)) english.push(`${words.slice(0, 3).join(' ')}: ${found}`)
  }
  for (const line of inTurn) await run(line)
  while (sideBySide.length > 0) await Promise.all(sideBySide.splice(0, atOnce).map(run))
  receiver.close()
  expect(english).toEqual([])
})
