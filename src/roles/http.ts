import type { FastifyInstance } from 'fastify'
import type { Account } from '../account.ts'
import type { Config } from '../base/config.ts'
import type { Releasers } from '../base/releasers.ts'
import { callbackRoutes } from '../http/callbackRoutes.ts'
import { miniprogramRoutes } from '../http/miniprogramRoutes.ts'
import { startHttpServer } from '../http/server.ts'
import { createIdentity } from '../identity/identity.ts'
import { resend } from '../operations/resend.ts'
import type { Runtime } from '../runtime.ts'
import { startAccountCallback } from './callback.ts'

/** Whether there is anything to serve of an account: WeChat's message push, the login of the mini-program, or both. */
export function hasHttp({ callback, miniProgram }: Config): boolean {
  return callback !== undefined || miniProgram !== undefined
}

/** Serves what is configured of all accounts; resolves when it listens, with its URL. Rejects with a sentence. */
export async function startHttp(
  { log }: Runtime,
  { http }: Config,
  accounts: readonly Account[],
  releasers: Releasers,
): Promise<string> {
  const served = accounts.map((account) => createRoutes(account, releasers))
  const server = await startHttpServer({
    ...http,
    log,
    async routes(app) {
      for (const addRoutes of served) await addRoutes(app)
    },
  })
  releasers.add(() => server.close())
  return server.url
}

function createRoutes(account: Account, releasers: Releasers) {
  const { config, followers, runtime, log } = account
  const { miniProgram, miniProgramCallback, retrySystemFailed } = config
  const isCalledBack = config.callback !== undefined || miniProgramCallback !== undefined
  const callback =
    isCalledBack &&
    startAccountCallback(account, retrySystemFailed ? (id) => resendPush(account, id) : undefined)
  if (callback) releasers.add(() => callback.close())
  const { client, database: db } = runtime
  const identity = miniProgram && createIdentity({ account: miniProgram, db, client, followers, log }, config)
  return async (app: FastifyInstance): Promise<void> => {
    if (callback) await app.register(callbackRoutes, callback)
    if (identity) await app.register(miniprogramRoutes, { identity, log, ...config })
  }
}

async function resendPush({ pushes, openQueue }: Account, id: string): Promise<void> {
  const row = await pushes.find(id)
  if (row) await resend({ queue: openQueue(), pushes }, [row])
}
