import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import type { Simulator } from '../../src/simulator/controls.ts'
import { encryptByOpenssl, signByOpenssl } from './encryptedData.ts'

interface Callbacks<Result> {
  success?: (result: Result & { errMsg: string }) => void
  fail?: (failure: { errMsg: string; errno?: number }) => void
  complete?: (result: { errMsg: string }) => void
}

interface RequestOptions
  extends Callbacks<{ data: unknown; statusCode: number; header: Record<string, string> }> {
  url: string
  method?: string
  data?: unknown
  header?: Record<string, string>
}

interface WxOptions {
  simulator: Simulator
  /** The person who holds the phone. */
  user: number
  /** What stays on the phone between launches. */
  storage: Map<string, string>
  now: () => number
  /** Where the host that the example names is to be found. */
  server: string
}

/** WeChat lets so many requests of a mini-program run at once; the rest wait. */
const concurrentRequests = 10

/**
 * The part of the `wx` object that the example uses, as WeChat documents it: results come by callback and never at once,
 * any HTTP answer is a success of `wx.request`, and `getUserInfo` wants a login that still counts.
 */
export function createWx({ simulator, user, storage, now, server }: WxOptions) {
  /** What the test sets, and what it saw. */
  const phone = {
    consents: true,
    /** Why WeChat's own client asks nobody. */
    fault: '',
    online: true,
    /** Whether WeChat gives the unionid at login. */
    unionidAtLogin: true,
    logins: 0,
    questions: 0,
    requests: [] as string[],
  }
  const waiting: (() => void)[] = []
  let running = 0

  function succeed<Result>(name: string, { success, complete }: Callbacks<Result>, result: Result) {
    setImmediate(() => {
      const answer = { ...result, errMsg: `${name}:ok` }
      success?.(answer)
      complete?.(answer)
    })
  }

  function fail<Result>(name: string, { fail: onFail, complete }: Callbacks<Result>, reason: string) {
    setImmediate(() => {
      const failure = { errMsg: `${name}:fail ${reason}` }
      onFail?.(failure)
      complete?.(failure)
    })
  }

  async function run({ url, method = 'GET', data, header = {}, ...callbacks }: RequestOptions) {
    const { pathname } = new URL(url)
    phone.requests.push(`${method} ${pathname}`)
    try {
      if (!phone.online) throw new Error('offline')
      const response = await fetch(server + pathname, {
        method,
        headers: { 'content-type': 'application/json', ...header },
        ...(method !== 'GET' && { body: data === undefined ? '' : JSON.stringify(data) }),
      })
      const text = await response.text()
      succeed('request', callbacks, {
        data: toData(text),
        statusCode: response.status,
        header: Object.fromEntries(response.headers),
      })
    } catch {
      fail(
        'request',
        callbacks,
        'errcode:-118 cronet_error_code:-118 error_msg:net::ERR_CONNECTION_TIMED_OUT',
      )
    }
  }

  const wx = {
    login(callbacks: Callbacks<{ code: string }>) {
      phone.logins += 1
      if (!phone.online) return fail('login', callbacks, 'network error')
      succeed('login', callbacks, { code: simulator.mintCode(user, { unionid: phone.unionidAtLogin }) })
    },
    checkSession(callbacks: Callbacks<object>) {
      if (simulator.sessionKeyOf(user)) succeed('checkSession', callbacks, {})
      else fail('checkSession', callbacks, 'session time out, need relogin')
    },
    request(options: RequestOptions) {
      const start = async () => {
        running += 1
        await run(options)
        running -= 1
        waiting.shift()?.()
      }
      if (running < concurrentRequests) void start()
      else waiting.push(start)
    },
    getUserInfo(options: Callbacks<object> & { withCredentials?: boolean }) {
      phone.questions += 1
      const sessionKey = simulator.sessionKeyOf(user)
      if (phone.fault) return fail('getUserInfo', options, phone.fault)
      if (!phone.consents) return fail('getUserInfo', options, 'auth deny')
      const { miniprogramOpenid: openId, unionid: unionId } = simulator.userAt(user)
      const userInfo = { nickName: '微信用户', gender: 0, language: '', city: '', province: '', country: '' }
      const rawData = JSON.stringify(userInfo)
      if (!options.withCredentials) return succeed('getUserInfo', options, { userInfo, rawData })
      if (!sessionKey) return fail('getUserInfo', options, 'need login')
      const watermark = { timestamp: Math.floor(now() / 1000), appid: simulator.miniprogram.appid }
      succeed('getUserInfo', options, {
        userInfo,
        rawData,
        signature: signByOpenssl(rawData, sessionKey),
        ...encryptByOpenssl(JSON.stringify({ openId, ...userInfo, unionId, watermark }), sessionKey),
      })
    },
    getStorageSync: (key: string) => storage.get(key) ?? '',
    setStorage({ key, data, ...callbacks }: Callbacks<object> & { key: string; data: string }) {
      storage.set(key, data)
      succeed('setStorage', callbacks, {})
    },
    removeStorage({ key, ...callbacks }: Callbacks<object> & { key: string }) {
      storage.delete(key)
      succeed('removeStorage', callbacks, {})
    },
  }
  return { wx, phone }
}

export interface Unionpush {
  request(request: { method?: string; path: string; data?: unknown }): Promise<unknown>
  getState(): Promise<unknown>
  completeUnionid(): Promise<unknown>
  getPhoneNumber(detail: { code?: string; errMsg: string }): Promise<unknown>
  logOut(): Promise<void>
}

interface ExampleApp {
  onLaunch(): void
  unionpush: Unionpush
}

interface ExamplePage {
  data: Record<string, unknown>
  setData(changes: Record<string, unknown>): void
  onLoad(): Promise<void>
  onConnect(): Promise<void>
  onPhoneNumber(event: { detail: { code?: string; errMsg: string } }): Promise<void>
}

const example = new URL('../../examples/miniprogram/', import.meta.url)

/** Starts the example as WeChat does: CommonJS, with `wx` and the language itself but nothing of Node or a browser. */
export function launchExample(wx: object): { unionpush: Unionpush; page: ExamplePage } {
  const started: { app?: ExampleApp; page?: ExamplePage } = {}
  const context = createContext({
    wx,
    App: (app: ExampleApp) => {
      started.app = app
      app.onLaunch()
    },
    Page: (page: ExamplePage) => {
      started.page = { ...page, setData: (changes) => Object.assign(page.data, changes) }
    },
    getApp: () => started.app,
  })

  function load(url: URL): unknown {
    const module = { exports: {} }
    const source = `(function (require, module) {${readFileSync(url, 'utf8')}\n})`
    runInContext(source, context, { filename: url.pathname })(
      (path: string) => load(new URL(path, url)),
      module,
    )
    return module.exports
  }

  load(new URL('app.js', example))
  load(new URL('pages/index/index.js', example))
  const { app, page } = started
  if (!app || !page) throw new Error('the example has no app or no page')
  return { unionpush: app.unionpush, page }
}

/** `dataType: 'json'`, the default: what is no JSON stays text. */
function toData(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
