import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { FollowerCheck } from '../../src/callback/checkFollower.ts'
import { toFacts } from '../../src/callback/event.ts'
import { type EventWorker, startEventWorker } from '../../src/callback/eventWorker.ts'
import { createReceiver } from '../../src/callback/receive.ts'
import { createRefusals } from '../../src/callback/refusals.ts'
import { createResendFailed } from '../../src/callback/resendFailed.ts'
import { createCallbackEvents } from '../../src/db/sqlite/callbacks/callbackEvents.ts'
import { createReceipts } from '../../src/db/sqlite/callbacks/receipts.ts'
import { createLiveFollowers } from '../../src/db/sqlite/followers/live.ts'
import { openSqlite, type SqliteStores } from '../../src/db/sqlite/stores.ts'
import { callbackRoutes } from '../../src/http/callbackRoutes.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { callbackAccount, plainQuery, type Sealed } from './seal.ts'

export type CallbackServer = Awaited<ReturnType<typeof openCallbackServer>>

interface CallbackServerOptions {
  keys?: string[]
  /** Default: nobody is asked about. */
  checkFollower?: FollowerCheck
  resend?: (pushId: string) => Promise<unknown>
  now?: () => number
}

/** A callback server on a database of its own; what it stores waits until `work` is called. */
export async function openCallbackServer({
  keys = [],
  checkFollower = async () => null,
  resend,
  now = Date.now,
}: CallbackServerOptions = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'unionpush-callback-'))
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const path = join(directory, 'test.db')
  const db = await openSqlite({ path, log })
  const { appid, token } = callbackAccount
  const events = createCallbackEvents(db, appid)
  const refusals = createRefusals(log)
  const receive = createReceiver({
    accounts: [{ appid, token, encodingAesKeys: keys }],
    store: async (_account, event) => {
      const isNew = await events.record(toFacts(event), now())
      worker?.wake()
      return isNew ? 'stored' : 'repeated'
    },
    refusals,
    log,
    now,
  })
  let worker: EventWorker | undefined
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    routes: async (app) => void (await app.register(callbackRoutes, { find: () => ({ receive }), refusals })),
  })

  return {
    url: server.url,
    log,
    path,
    db,
    events,
    refusals,
    lines,
    /** What is stored, oldest first. */
    stored: () => readEvents(db),
    post,
    async postSealed({ body, search }: Sealed) {
      return post(body, { search })
    },
    stop: server.close,
    work(stopPatience?: number) {
      const live = createLiveFollowers(db, appid)
      const receipts = createReceipts(db, appid)
      const resendFailed = resend && createResendFailed({ receipts, resend, log, now })
      const deps = { appid, db, events, live, receipts, checkFollower, resendFailed, log, now }
      worker = startEventWorker({ ...deps, ...(stopPatience !== undefined && { stopPatience }) })
      return worker
    },
    async close() {
      await server.close()
      await worker?.stop()
      await db.close()
      await rm(directory, { recursive: true })
    },
  }

  async function post(
    body: string,
    { search = `${new URLSearchParams(plainQuery())}`, type = 'text/xml' } = {},
  ) {
    const response = await fetch(`${server.url}/wechat/callback?${search}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    return `${response.status} ${await response.text()}`
  }
}

function readEvents(db: SqliteStores) {
  return db.read.query.callbackEvents.findMany().sync()
}
