import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect } from 'vitest'
import { loadConfig } from '../../src/base/programConfig.ts'
import { createReleasers } from '../../src/base/releasers.ts'
import type { PushRow } from '../../src/db/pushes.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { type RunningCli, spawnCli } from '../helpers/cli.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { openOnlyAccount } from '../helpers/onlyAccount.ts'
import { createPostgresDatabase } from '../helpers/postgresDatabase.ts'
import { dropQueue } from '../helpers/pushing.ts'
import { redisUrl } from '../helpers/redisNeeded.ts'
import { until } from '../helpers/until.ts'
import type { Combination } from './combinations.ts'

export type EngineWorld = Awaited<ReturnType<typeof openEngineWorld>>

const token = 'QDG6eK'
const patience = 90_000

/** The program as its user has it, on one combination of engines; for many tests, until it is closed. */
export async function openEngineWorld(
  { database, queue }: Combination,
  options: SimulatorOptions = {},
  createDatabase = createPostgresDatabase,
) {
  const releasers = createReleasers()
  try {
    const appid = `wx${randomBytes(8).toString('hex')}`
    const cwd = await mkdtemp(join(tmpdir(), 'unionpush-engines-'))
    releasers.add(() => rm(cwd, { recursive: true, force: true }))
    const simulator = await createSimulator({ seed: 1, ...options, appid })
    releasers.add(() => simulator.close())
    const port = await findFreePort()
    const dataDir = join(cwd, 'data')
    const env: Record<string, string> = {
      WECHAT_API_BASE: simulator.base,
      WECHAT_APPID: appid,
      WECHAT_SECRET: simulator.secret,
      WECHAT_CALLBACK_TOKEN: token,
      HTTP_PORT: String(port),
      DATA_DIR: dataDir,
    }
    if (database === 'postgres') {
      const { url, drop } = await createDatabase()
      releasers.add(drop)
      env.DATABASE_URL = url
    }
    if (queue === 'redis') {
      releasers.add(() => dropQueue(redisUrl, appid))
      env.REDIS_URL = redisUrl
    }
    const account = await openOnlyAccount(loadConfig(env), pino({ level: 'silent' }))
    releasers.add(() => account.close())
    const pusher = createPusher({
      appid,
      redisUrl: env.REDIS_URL ?? '',
      databaseUrl: env.DATABASE_URL ?? '',
      dataDir,
    })
    releasers.add(() => pusher.close())
    const children = new Set<RunningCli>()
    releasers.add(() => Promise.all([...children].map((child) => child.kill())))

    function start(words: string[]): RunningCli {
      const child = spawnCli(words, { cwd, env })
      children.add(child)
      return child
    }

    async function run(words: string[], code: number): Promise<string> {
      const { ended, kill } = start(words)
      const result = await ended
      await kill()
      expect(result.code, `${words.join(' ')}:\n${result.stderr}`).toBe(code)
      return result.stdout
    }

    return {
      appid,
      simulator,
      account,
      pusher,
      start,
      /** A message to the n-th person by unionid. */
      message: (n: number, more: Record<string, unknown> = {}) => ({
        unionid: simulator.userAt(n).unionid ?? '',
        templateId: simulator.templates[0]?.templateId ?? '',
        data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
        ...more,
      }),
      /** Worker, cron and callback server in one process, which is ready. */
      async service(): Promise<RunningCli> {
        const service = start(['start'])
        await service.waitFor(/"msg":"ready"/)
        await simulator.setCallback({
          url: `http://127.0.0.1:${port}/wechat/callback`,
          token,
          receiptDelayMs: 20,
        })
        return service
      },
      /** What a command prints with --json. */
      json: async (words: string[], code = 0) => JSON.parse(await run([...words, '--json'], code)),
      /** The same for lists. */
      async lines(words: string[]) {
        const lines = (await run([...words, '--json'], 0)).split('\n').filter(Boolean)
        return lines.map((line) => JSON.parse(line))
      },
      /** The record of a push once it is as wanted. */
      async record(id: string, isWanted: (row: PushRow) => boolean): Promise<PushRow> {
        let row: PushRow | undefined
        await until(async () => {
          row = await account.pushes.find(id)
          return row !== undefined && isWanted(row)
        }, patience)
        if (row && isWanted(row)) return row
        throw new Error(`the record of ${id} is ${JSON.stringify(row)}`)
      },
      /** The records of all, once that many have ended. */
      async records(count: number): Promise<PushRow[]> {
        let rows: PushRow[] = []
        await until(async () => {
          rows = []
          for await (const row of account.pushes.history()) rows.push(row)
          return rows.filter(({ finishedAt }) => finishedAt !== null).length >= count
        }, patience)
        return rows
      },
      close: releasers.close,
    }
  } catch (error) {
    await releasers.close()
    throw error
  }
}
