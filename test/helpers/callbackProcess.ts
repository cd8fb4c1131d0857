import { pino } from 'pino'
import { startCallback } from '../../src/callback/callback.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { callbackRoutes } from '../../src/http/callbackRoutes.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { callbackAccount } from './seal.ts'

/** A callback server as a process, to be killed: the database is its argument, its URL the first line. */
const path = String(process.argv[2])
const log = pino({ level: 'error' }, pino.destination(2))
const { appid, token } = callbackAccount
const callback = startCallback({
  appid,
  accounts: [{ appid, token, encodingAesKeys: [] }],
  db: await openSqlite({ path, log }),
  api: { getFollower: () => new Promise(() => {}) },
  followers: { upsert: async () => {} },
  log,
})
const { url } = await startHttpServer({
  host: '127.0.0.1',
  port: 0,
  log,
  routes: async (app) => void (await app.register(callbackRoutes, { ...callback, find: () => callback })),
})
console.log(url)
