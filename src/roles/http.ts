import type { FastifyInstance } from 'fastify'
import type { Account } from '../account.ts'
import type { AccountSettings, SharedConfig } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { Callback } from '../callback/callback.ts'
import { createRefusals } from '../callback/refusals.ts'
import { callbackRoutes } from '../http/callbackRoutes.ts'
import { dashboardRoutes } from '../http/dashboard.ts'
import { miniprogramRoutes } from '../http/miniprogramRoutes.ts'
import { type HttpServer, startHttpServer } from '../http/server.ts'
import { createApiEdge } from '../http/v1/edge.ts'
import { type V1Options, v1Routes } from '../http/v1/v1Routes.ts'
import { createIdentity } from '../identity/identity.ts'
import type { Identity } from '../identity/states.ts'
import { resend } from '../operations/resend.ts'
import { startAccountCallback } from './callback.ts'
import { addMonitoring, type Monitoring } from './monitoring.ts'
import { createRegistry } from './registry.ts'
import type { AccountRole } from './runningAccounts.ts'

/** Whether there is anything to serve of an account: WeChat's message push, the login of the mini-program, or the API. */
export function hasHttp({
  callback,
  miniProgram,
  apiKeys,
}: Pick<AccountSettings, 'callback' | 'miniProgram' | 'apiKeys'>): boolean {
  return callback !== undefined || miniProgram !== undefined || apiKeys.length > 0
}

export interface HttpRole {
  /** Has what is configured of an account served. */
  role: AccountRole
  /** Resolves when the server listens. Rejects with a sentence. */
  listen(): Promise<HttpServer>
}

interface HttpRoleDeps {
  monitoring: Monitoring
  /** All of the process just now. */
  running(): readonly Account[]
  runDoctor: V1Options['runDoctor']
  log: Log
}

/** One server for the accounts of a process, whichever they are at the time of a request. */
export function createHttpRole(
  config: SharedConfig,
  { monitoring, running, runDoctor, log }: HttpRoleDeps,
): HttpRole {
  /** By the AppID of the service account. */
  const accounts = createRegistry<{ callback: Callback | undefined }>()
  /** By that and by the AppID of the mini-program. */
  const callbacks = createRegistry<Callback>()
  const logins = createRegistry<{ identity: Identity; followers: Account['followers'] }>()

  return {
    role(account, releasers) {
      const { appid, followers } = account
      const { miniProgram, miniProgramCallback } = account.config
      const callback = isCalledBack(account)
        ? startAccountCallback(account, toResend(account), monitoring.countsOf(account.name))
        : undefined
      if (callback) releasers.add(() => callback.close())
      releasers.add(accounts.add(appid, { callback }))
      for (const served of [account.config.callback && appid, miniProgramCallback?.appid]) {
        if (callback && served !== undefined) releasers.add(callbacks.add(served, callback))
      }
      if (!miniProgram) return
      const { client, database: db } = account.runtime
      const deps = {
        account: miniProgram,
        db,
        client,
        followers: toFollowers(miniProgram.appid),
        log: account.log,
      }
      releasers.add(logins.add(miniProgram.appid, { identity: createIdentity(deps, config), followers }))
    },
    listen() {
      const api = config.apiKeys.length > 0 ? createApiEdge(log) : undefined
      return startHttpServer({ ...config.http, log, api, routes: addRoutes })
    },
  }

  /** What nobody has just now may come with an account of the file. */
  async function addRoutes(app: FastifyInstance): Promise<void> {
    await addMonitoring(app, monitoring)
    const { apiKeys: keys } = config
    if (keys.length > 0) {
      await app.register(v1Routes, { prefix: '/v1', keys, accounts: running, runDoctor, log })
      await app.register(dashboardRoutes, { log })
    }
    const mayCome = config.accountsFile !== undefined
    if (mayCome || accounts.findOnly()?.callback) {
      const find = (appid?: string) =>
        appid === undefined ? accounts.findOnly()?.callback : callbacks.find(appid)
      await app.register(callbackRoutes, { find, refusals: createRefusals(log) })
    }
    if (mayCome || logins.findOnly()) {
      const find = (appid?: string) =>
        (appid === undefined ? logins.findOnly() : logins.find(appid))?.identity
      await app.register(miniprogramRoutes, { find, log, ...config })
    }
  }

  /** Who follows one of the accounts that share the mini-program follows. */
  function toFollowers(miniprogram: string): Pick<Account['followers'], 'findByUnionid'> {
    return {
      async findByUnionid(unionid) {
        const found = await Promise.all(
          logins.findAll(miniprogram).map(({ followers }) => followers.findByUnionid(unionid)),
        )
        return (
          found.find((follower) => follower?.subscribed) ?? found.find((follower) => follower !== undefined)
        )
      },
    }
  }
}

function isCalledBack({ config }: Account): boolean {
  return config.callback !== undefined || config.miniProgramCallback !== undefined
}

/** Undefined = nothing is sent again by itself. */
function toResend({ config, pushes, openQueue }: Account) {
  if (!config.retrySystemFailed) return undefined
  return async (id: string): Promise<void> => {
    const row = await pushes.find(id)
    if (row) await resend({ queue: openQueue(), pushes }, [row])
  }
}
