import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { Account } from '../../src/account.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { openExamined } from '../../src/doctor.ts'
import type { CheckResult } from '../../src/operations/doctor/check.ts'
import { type Examined, runChecks } from '../../src/operations/doctor/run.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { openOnlyAccount } from './onlyAccount.ts'
import { dropQueue, makeDir } from './pushing.ts'
import { needRedis, redisUrl } from './redisNeeded.ts'
import { startSimulator } from './simulatorClient.ts'

export type DoctorWorld = Awaited<ReturnType<typeof startDoctorWorld>>

const log = pino({ level: 'silent' })

/** An account with nothing wrong but what its test breaks, and what doctor says of it. */
export async function startDoctorWorld(options: SimulatorOptions = {}) {
  needRedis()
  const appid = `wx${randomBytes(8).toString('hex')}`
  const { simulator, wechat } = await startSimulator({ followers: 30, ...options, appid })
  onTestFinished(() => dropQueue(redisUrl, appid))
  const dir = await makeDir()
  const callbackToken = 'a-token-of-the-console'
  const env: Record<string, string> = {
    WECHAT_API_BASE: simulator.base,
    WECHAT_APPID: appid,
    WECHAT_SECRET: simulator.secret,
    WECHAT_MINIPROGRAM_APPID: simulator.miniprogram.appid,
    WECHAT_MINIPROGRAM_SECRET: simulator.miniprogram.secret,
    WECHAT_CALLBACK_TOKEN: callbackToken,
    WECHAT_ENCODING_AES_KEY: 'a'.repeat(43),
    REDIS_URL: redisUrl,
    DATA_DIR: join(dir, 'data'),
    DATABASE_URL: `file:${join(dir, 'unionpush.db')}`,
  }

  /** For the time of `use`, as another process would. */
  async function withAccount<T>(use: (account: Account) => Promise<T>): Promise<T> {
    const account = await openOnlyAccount(loadConfig(env), log)
    try {
      return await use(account)
    } finally {
      await account.close()
    }
  }

  async function open<T>(use: (examined: Examined) => Promise<T>): Promise<T> {
    const opened = await openExamined(
      () => log,
      (config) => config,
      () => env,
    )
    try {
      return await use(opened)
    } finally {
      await opened.close()
    }
  }

  /** What the checks say, by their names; `change` has them look at something else. */
  function examine(names: string[], change: (examined: Examined) => Examined = (same) => same) {
    return open(async (examined) => {
      const results = new Map<string, CheckResult>()
      for await (const result of runChecks(change(examined), names, 'en')) results.set(result.name, result)
      return results
    })
  }

  return { simulator, wechat, appid, dir, env, withAccount, open, examine, callbackToken }
}
