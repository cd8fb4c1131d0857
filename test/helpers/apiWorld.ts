import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { createApp } from '../../src/app.ts'
import type { AtLeastOne } from '../../src/base/accounts/accountsSchema.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { createTestLog, dropQueue, makeDir } from './pushing.ts'
import { needRedis, redisUrl } from './redisNeeded.ts'
import { startSimulator } from './simulatorClient.ts'

export const apiKeys = {
  push: 'push-key-0123456789abcdef0123',
  view: 'view-key-0123456789abcdef0123',
  operate: 'operate-key-0123456789abcdef',
} as const
type Role = keyof typeof apiKeys

export interface ApiRequest {
  /** Default: that of `operate`; null = none. */
  key?: Role | (string & {}) | null
  body?: unknown
  headers?: Record<string, string>
}

export interface ApiAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what tests look at
  body: any
}

interface WorldOptions {
  env?: Record<string, string>
  simulator?: SimulatorOptions
  /** Default: one that has no other name than its AppID. */
  names?: readonly string[]
  /** People whose follow the table knows; default: all. */
  synced?: boolean
}

export type ApiWorld = Awaited<ReturnType<typeof startApiWorld>>

/** The program as `serve` runs it, with the API on, over real servers; all gone after the test. */
export async function startApiWorld({
  env = {},
  simulator: options = {},
  names,
  synced = true,
}: WorldOptions = {}) {
  needRedis()
  const appid = `wx${randomBytes(8).toString('hex')}`
  const { simulator } = await startSimulator({
    followers: 20,
    seed: 1,
    ...options,
    appid,
    ...(names && { accounts: names.length }),
  })
  for (const account of simulator.accounts) onTestFinished(() => dropQueue(redisUrl, account.appid))
  const dir = await makeDir()
  const { log, lines } = createTestLog()
  const config = loadConfig({
    WECHAT_API_BASE: simulator.base,
    WECHAT_APPID: appid,
    WECHAT_SECRET: simulator.secret,
    REDIS_URL: redisUrl,
    DATA_DIR: join(dir, 'data'),
    HTTP_PORT: '0',
    HTTP_API_KEYS: Object.entries(apiKeys)
      .map(([role, key]) => `${role}er:${role}:${key}`)
      .join(','),
    ...env,
  })
  const [own] = config.accounts
  const accounts = names?.map((name, i) => {
    const { appid = '', secret = '' } = simulator.accounts[i] ?? {}
    return { ...own, name, appid, secret }
  })
  const [first = own, ...others] = accounts ?? []
  const whole: AtLeastOne<typeof own> = [first, ...others]
  const app = await createApp({ ...config, accounts: whole }, log)
  onTestFinished(() => app.close())
  if (synced) await Promise.all(app.accounts().map((account) => account.sync({})))
  const url = await app.startHttp()

  async function send(
    method: string,
    path: string,
    { key = 'operate', body, headers = {} }: ApiRequest = {},
  ) {
    const known = Object.entries(apiKeys).find(([role]) => role === key)?.[1]
    const isText = typeof body === 'string'
    return fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${known ?? key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    })
  }

  async function ask(method: string, path: string, request?: ApiRequest): Promise<ApiAnswer> {
    const response = await send(method, path, request)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }

  const account = app.accounts()[0]
  if (!account) throw new Error('no account')

  return {
    app,
    account,
    appid,
    simulator,
    url,
    dir,
    log,
    lines,
    send,
    ask,
    get: (path: string, request?: ApiRequest) => ask('GET', path, request),
    post: (path: string, body?: unknown, request?: ApiRequest) => ask('POST', path, { ...request, body }),
    /** A message to the n-th person. */
    message: (n: number, more: Record<string, unknown> = {}) => ({
      unionid: simulator.userAt(n).unionid,
      templateId: simulator.templates.find(({ content }) => content.includes('thing1.DATA'))?.templateId,
      data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
      ...more,
    }),
    async ended(...ids: string[]): Promise<void> {
      const hasEnded = async (id: string) => ((await account.pushes.find(id))?.finishedAt ?? null) !== null
      await vi.waitUntil(async () => (await Promise.all(ids.map(hasEnded))).every(Boolean), {
        timeout: 20_000,
        interval: 10,
      })
    },
  }
}
