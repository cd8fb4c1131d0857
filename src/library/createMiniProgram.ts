import { loadMiniProgramConfig } from '../base/accounts/libraryConfig.ts'
import { readEnvironment } from '../base/environment/readEnvironment.ts'
import type { Identity } from '../identity/states.ts'
import type { openMiniProgram } from './openMiniProgram.ts'

/** What is left out comes from the environment. */
export interface MiniProgramOptions {
  /** Name or AppID: which service account of `ACCOUNTS_FILE`, where there are several; its mini-program stands there. */
  account?: string
  /** The mini-program; default `WECHAT_MINIPROGRAM_APPID`. With it `ACCOUNTS_FILE` is not read. */
  appid?: string
  /** Its AppSecret; default `WECHAT_MINIPROGRAM_SECRET`. */
  secret?: string
  /** The service account users follow; default `WECHAT_APPID`. */
  serviceAppid?: string
  /** Default `DATABASE_URL`, or the SQLite file in `DATA_DIR`. */
  databaseUrl?: string
  /** Tell openid and unionid to whoever calls; default `EXPOSE_IDS`. */
  exposeIds?: boolean
}

export interface MiniProgram extends Identity {
  /** Waits for the writes under way. */
  close(): Promise<void>
}

/**
 * The login of the mini-program without the HTTP server. The database is opened by the first call, which rejects with
 * a DatabaseError when it cannot be used.
 * @throws ConfigError
 */
export function createMiniProgram(options: MiniProgramOptions = {}): MiniProgram {
  const config = loadMiniProgramConfig({ ...readEnvironment(), ...toEnvironment(options) }, options.account)
  let opening: ReturnType<typeof openMiniProgram> | undefined

  async function identity(): Promise<Identity> {
    opening ??= open().catch((error) => {
      opening = undefined
      throw error
    })
    return (await opening).identity
  }

  /** Loaded then and not with this file: who only pushes needs neither a database nor what calls WeChat. */
  async function open() {
    const { openMiniProgram } = await import('./openMiniProgram.ts')
    return openMiniProgram(config)
  }

  return {
    login: async (code) => (await identity()).login(code),
    session: async (token) => (await identity()).session(token),
    logout: async (token) => (await identity()).logout(token),
    decrypt: async (token, info) => (await identity()).decrypt(token, info),
    phone: async (code, token) => (await identity()).phone(code, token),
    checkSession: async (token) => (await identity()).checkSession(token),
    resetSession: async (token) => (await identity()).resetSession(token),
    paidUnionid: async (token, payment) => (await identity()).paidUnionid(token, payment),
    async close() {
      const opened = await opening
      opening = undefined
      await opened?.close()
    },
  }
}

function toEnvironment({ appid, secret, serviceAppid, databaseUrl, exposeIds }: MiniProgramOptions) {
  return {
    ...(appid !== undefined && { WECHAT_MINIPROGRAM_APPID: appid, ACCOUNTS_FILE: undefined }),
    ...(secret !== undefined && { WECHAT_MINIPROGRAM_SECRET: secret }),
    ...(serviceAppid !== undefined && { WECHAT_APPID: serviceAppid }),
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...(exposeIds !== undefined && { EXPOSE_IDS: exposeIds ? 'on' : 'off' }),
  }
}
