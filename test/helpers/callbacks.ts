import { onTestFinished } from 'vitest'
import { startCallback } from '../../src/callback/callback.ts'
import { createTokenStore } from '../../src/db/sqlite/account/tokens.ts'
import { callbackRoutes } from '../../src/http/callbackRoutes.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import type { Pushing } from './pushing.ts'

/** The server that takes the simulator's callbacks for an account, until the test ends. */
export async function serveCallbacks({ appid, simulator, database, followers, log }: Pushing): Promise<void> {
  const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
  const client = createWechatClient({ bases: [simulator.base], transport, hotTransport: transport, log })
  const { secret } = simulator
  const tokens = createTokenSource({ appid, secret, client, store: createTokenStore(database), log })
  const token = 'QDG6eK'
  const callback = startCallback({
    appid,
    accounts: [{ appid, token, encodingAesKeys: [] }],
    db: database,
    api: createWechatApi({ client, tokens }),
    followers,
    log,
  })
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    routes: async (app) => void (await app.register(callbackRoutes, { ...callback, find: () => callback })),
  })
  onTestFinished(async () => {
    simulator.removeCallback()
    await server.close()
    await callback.close()
    await client.close()
  })
  await simulator.setCallback({ url: `${server.url}/wechat/callback`, token, receiptDelayMs: 20 })
}
