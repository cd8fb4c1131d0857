import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createSessions } from '../../src/db/sqlite/users/sessions.ts'
import { createUsers } from '../../src/db/sqlite/users/users.ts'
import { miniprogramRoutes } from '../../src/http/miniprogramRoutes.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { createIdentity, type IdentityOptions } from '../../src/identity/identity.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'

interface ListenOptions {
  rateLimitPerIp?: number
  rateLimitPerCode?: number
  trustProxy?: string[]
}

export type MiniProgramWorld = Awaited<ReturnType<typeof openMiniProgramWorld>>

/** WeChat, a database and the login on top of them, with a clock that both sides share. */
export async function openMiniProgramWorld(options: Partial<IdentityOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'unionpush-miniprogram-'))
  const simulator = await createSimulator()
  const account = simulator.miniprogram
  let advanced = 0
  const now = () => Date.now() + advanced

  const logLines: string[] = []
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => logLines.push(line) })
  const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
  const client = createWechatClient({ bases: [simulator.base], transport, hotTransport: transport, log })
  const db = await openSqlite({ path: join(directory, 'test.db'), log })
  const followers = createFollowers(db, simulator.appid)
  const identity = createIdentity(
    { account, db, client, followers, log },
    { sessionDays: 30, exposeIds: false, now, ...options },
  )

  return {
    simulator,
    account,
    db,
    users: createUsers(db, account.appid),
    sessions: createSessions(db, account.appid),
    identity,
    log,
    logLines,
    now,
    advance(milliseconds: number) {
      advanced += milliseconds
      simulator.advance(milliseconds)
    },
    /** Makes this person a follower of the service account, as the last sync would have found. */
    async follow(user: number) {
      const { openid, unionid = '' } = simulator.userAt(user)
      await followers.upsert([{ openid, subscribed: true, unionid }], { at: now() })
    },
    async unfollow(user: number) {
      await followers.markUnsubscribed([simulator.userAt(user).openid], now())
    },
    /** Serves the routes over HTTP. */
    listen({ trustProxy = ['loopback'], ...limits }: ListenOptions = {}) {
      const options = { find: () => identity, log, rateLimitPerIp: 60, rateLimitPerCode: 5, ...limits }
      return startHttpServer({
        host: '127.0.0.1',
        port: 0,
        trustProxy,
        log,
        routes: (app) => miniprogramRoutes(app, options),
      })
    },
    /** Everything the database file holds of these tables, as text. */
    dump(): string {
      const tables = ['users', 'sessions'].map((name) => db.read.all(`SELECT * FROM ${name}`))
      return JSON.stringify(tables)
    },
    async close() {
      await client.close()
      await db.close()
      await simulator.close()
      await rm(directory, { recursive: true })
    },
  }
}
