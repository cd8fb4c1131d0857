import { pino } from 'pino'
import { createFollowerCheck } from '../../src/callback/checkFollower.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { openCallbackServer } from './callbackServer.ts'
import { callbackAccount } from './seal.ts'

export type CallbackStack = Awaited<ReturnType<typeof openCallbackStack>>

interface CallbackStackOptions {
  keys?: string[]
  now?: () => number
}

/** WeChat, played by the simulator, and a callback server that asks it about followers. */
export async function openCallbackStack({ keys = [], now = Date.now }: CallbackStackOptions = {}) {
  const { appid } = callbackAccount
  const simulator = await createSimulator({ appid, followers: 0 })
  const log = pino({ level: 'silent' })
  const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
  const client = createWechatClient({ bases: [simulator.base], transport, hotTransport: transport, log })
  const store = { load: async () => undefined, save: async () => {} }
  const tokens = createTokenSource({ appid, secret: simulator.secret, client, store, log })
  const api = createWechatApi({ client, tokens })
  const server = await openCallbackServer({
    keys,
    now,
    checkFollower: (...args) => createFollowerCheck({ api, followers, log, now })(...args),
  })
  const followers = createFollowers(server.db, appid)
  return {
    simulator,
    api,
    server,
    followers,
    async close() {
      await simulator.close()
      await server.close()
      await client.close()
    },
  }
}
