import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConfigError } from '../../src/base/configError.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { type CallbackHandler, createCallbackHandler } from '../../src/library/createCallbackHandler.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { callbackAccount, eventXml, plainQuery, sealOne } from '../helpers/seal.ts'

const { appid, token, encodingAesKey } = callbackAccount
let directory: string
let simulator: Simulator
let handler: CallbackHandler | undefined
let server: Server | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unionpush-handler-'))
  simulator = await createSimulator({ appid, followers: 0 })
  vi.stubEnv('WECHAT_API_BASE', simulator.base)
  vi.stubEnv('LOG_LEVEL', 'silent')
})
afterEach(async () => {
  server?.close()
  server = undefined
  await handler?.close()
  handler = undefined
  await simulator.close()
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

const path = () => join(directory, 'data', 'handler.db')
const create = () =>
  createCallbackHandler({
    appid,
    secret: simulator.secret,
    token,
    encodingAesKey,
    databaseUrl: `file:${path()}`,
  })

/** A web server of somebody else. */
async function listen(mounted: CallbackHandler): Promise<string> {
  server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host')
    const { status, body } = await mounted.handle({
      method: request.method ?? '',
      query: Object.fromEntries(searchParams),
      contentType: request.headers['content-type'],
      body: await text(request),
    })
    response.writeHead(pathname === '/my/wechat' ? status : 404).end(body)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server?.once('listening', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/my/wechat`
}

test('mounted in any web server it answers WeChat and works the events off', async () => {
  handler = create()
  const url = await listen(handler)
  const check = await fetch(`${url}?${new URLSearchParams({ ...plainQuery(), echostr: 'hello' })}`)
  expect([check.status, await check.text()]).toEqual([200, 'hello'])

  const { openid, unionid } = simulator.follow()
  const { search, body } = sealOne({ message: eventXml('subscribe', { FromUserName: openid }) })
  const headers = { 'content-type': 'text/xml' }
  const message = await fetch(`${url}?${search}`, { method: 'POST', headers, body })
  expect([message.status, await message.text()]).toEqual([200, 'success'])

  const db = await openSqlite({ path: path(), log: pino({ level: 'silent' }) })
  const followers = () => db.read.query.followers.findMany().sync()
  await vi.waitUntil(() => followers()[0]?.unionid, { timeout: 5_000, interval: 10 })
  expect(followers()).toMatchObject([{ appid, openid, unionid, subscribed: true }])
  await db.close()
})

test('answers 503 while its database cannot be used, and goes on when it can', async () => {
  const blocked = join(directory, 'data')
  await writeFile(blocked, 'a file where the directory should be')
  handler = create()
  const request = () => {
    const { query, body } = sealOne({ message: eventXml('subscribe') })
    return { method: 'POST', query, body, contentType: 'text/xml' }
  }
  expect(await handler.handle(request())).toEqual({ status: 503, body: 'try again' })
  await rm(blocked)
  expect(await handler.handle(request())).toEqual({ status: 200, body: 'success' })
})

test('a configuration that lacks the token is refused at once', () => {
  expect(() => createCallbackHandler({ appid, secret: 's' })).toThrow(ConfigError)
})
