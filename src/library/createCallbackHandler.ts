import { loadCallbackConfig } from '../base/accounts/libraryConfig.ts'
import { readEnvironment } from '../base/environment/readEnvironment.ts'
import type { CallbackAnswer, CallbackRequest } from '../callback/request.ts'

/** What is left out comes from the environment. */
export interface CallbackHandlerOptions {
  /** Name or AppID: which one of `ACCOUNTS_FILE`, where there are several; then the others up to the keys stand there. */
  account?: string
  /** The service account; default `WECHAT_APPID`. With it `ACCOUNTS_FILE` is not read. */
  appid?: string
  /** Its AppSecret; default `WECHAT_SECRET`. */
  secret?: string
  /** The Token of the server settings; default `WECHAT_CALLBACK_TOKEN`. */
  token?: string
  /** With it, unencrypted messages are refused; default `WECHAT_ENCODING_AES_KEY`. */
  encodingAesKey?: string
  /** The key before that, for the time of a change; default `WECHAT_ENCODING_AES_KEY_PREVIOUS`. */
  previousEncodingAesKey?: string
  /** Default `DATABASE_URL`, or the SQLite file in `DATA_DIR`. */
  databaseUrl?: string
}

export interface CallbackHandler {
  /**
   * Takes one request of WeChat's message push with the body as it came, unparsed; send the answer as plain text.
   * Never rejects: what goes wrong has its status, and 503 makes WeChat come again.
   */
  handle(request: CallbackRequest): Promise<CallbackAnswer>
  /** Resolves when the events in hand are worked off; the next start goes on with the rest. */
  close(): Promise<void>
}

/**
 * WeChat's message push for a web server of your own, whatever its framework. Events are stored before they are answered
 * and worked off in this process, beginning with what an earlier one left: users come and go, pushes get their receipts.
 * A database that cannot be opened is logged, and tried again with the next request.
 * @throws ConfigError
 */
export function createCallbackHandler(options: CallbackHandlerOptions = {}): CallbackHandler {
  const config = loadCallbackConfig({ ...readEnvironment(), ...toEnvironment(options) }, options.account)
  const modules = loadModules()
  let opening: ReturnType<typeof tryOpen> | undefined = tryOpen()

  async function tryOpen() {
    const { log, openCallback } = await modules
    try {
      return await openCallback(config, log)
    } catch (error) {
      log.error({ err: error }, 'the callback handler cannot start')
      opening = undefined
      return undefined
    }
  }

  /** Not with this file: who only pushes needs neither a database nor what calls WeChat. */
  async function loadModules() {
    const [{ createLog }, { openCallback }] = await Promise.all([
      import('../base/log.ts'),
      import('./openCallback.ts'),
    ])
    return { log: createLog({ level: config.logLevel, pretty: false }), openCallback }
  }

  return {
    async handle(request) {
      opening ??= tryOpen()
      const opened = await opening
      return opened ? opened.callback.receive(request) : { status: 503, body: 'try again' }
    },
    async close() {
      const opened = await opening
      await opened?.close()
    },
  }
}

function toEnvironment(options: CallbackHandlerOptions) {
  const { appid, secret, token, encodingAesKey, previousEncodingAesKey, databaseUrl } = options
  return {
    ...(appid !== undefined && { WECHAT_APPID: appid, ACCOUNTS_FILE: undefined }),
    ...(secret !== undefined && { WECHAT_SECRET: secret }),
    ...(token !== undefined && { WECHAT_CALLBACK_TOKEN: token }),
    ...(encodingAesKey !== undefined && { WECHAT_ENCODING_AES_KEY: encodingAesKey }),
    ...(previousEncodingAesKey !== undefined && { WECHAT_ENCODING_AES_KEY_PREVIOUS: previousEncodingAesKey }),
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  }
}
