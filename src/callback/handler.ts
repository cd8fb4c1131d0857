import { type CallbackConfig, type Config, loadCallbackConfig, readEnvironment } from '../config.ts'
import { createFollowers } from '../db/followers.ts'
import { openDatabase } from '../db/open.ts'
import { createTokenStore } from '../db/tokens.ts'
import { createLog, type Log } from '../log.ts'
import { createWechatApi } from '../wechat/api.ts'
import { createClient } from '../wechat/client.ts'
import { createGotTransport } from '../wechat/gotTransport.ts'
import { createTokenSource } from '../wechat/token.ts'
import { type Callback, startCallback } from './callback.ts'
import type { CallbackAnswer, CallbackRequest } from './receive.ts'

/** What is left out comes from the environment. */
export interface CallbackHandlerOptions {
  /** The service account; default `WECHAT_APPID`. */
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
  const config = loadCallbackConfig({ ...readEnvironment(), ...toEnvironment(options) })
  const log = createLog({ level: config.logLevel, pretty: false })
  let opening: ReturnType<typeof tryOpen> | undefined = tryOpen()

  async function tryOpen() {
    try {
      return await open(config, log)
    } catch (error) {
      log.error({ err: error }, 'the callback handler cannot start')
      opening = undefined
      return undefined
    }
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

async function open(config: Config & { callback: CallbackConfig }, log: Log) {
  const { account, databasePath, apiBases } = config
  const { appid } = account
  const db = await openDatabase({ path: databasePath, log })
  const transport = createGotTransport(config)
  const client = createClient({ bases: apiBases, transport, hotTransport: transport, log })
  const tokens = createTokenSource({ ...account, client, store: createTokenStore(db), log })
  const callback: Callback = startCallback({
    account: { appid, ...config.callback },
    db,
    api: createWechatApi({ client, tokens }),
    followers: createFollowers(db, appid),
    log,
  })
  return {
    callback,
    async close() {
      await callback.close()
      await client.close()
      await db.close()
    },
  }
}

function toEnvironment(options: CallbackHandlerOptions) {
  const { appid, secret, token, encodingAesKey, previousEncodingAesKey, databaseUrl } = options
  return {
    ...(appid !== undefined && { WECHAT_APPID: appid }),
    ...(secret !== undefined && { WECHAT_SECRET: secret }),
    ...(token !== undefined && { WECHAT_CALLBACK_TOKEN: token }),
    ...(encodingAesKey !== undefined && { WECHAT_ENCODING_AES_KEY: encodingAesKey }),
    ...(previousEncodingAesKey !== undefined && { WECHAT_ENCODING_AES_KEY_PREVIOUS: previousEncodingAesKey }),
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  }
}
