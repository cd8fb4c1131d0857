import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished, vi } from 'vitest'
import { loadConfig } from '../../src/base/programConfig.ts'
import type { PushRow } from '../../src/db/pushes.ts'
import { createProducer } from '../../src/push/producer.ts'
import type { PushReason, PushStatus } from '../../src/push/status.ts'
import type { PushJob } from '../../src/queue/job.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { runCli, startCli } from './cli.ts'
import { openOnlyAccount } from './onlyAccount.ts'
import { dropQueue, makeDir } from './pushing.ts'
import { needRedis, redisUrl } from './redisNeeded.ts'
import { startSimulator } from './simulatorClient.ts'

const data = { thing1: '订单已发货', time2: '2026-11-20 15:01' }

interface WorldOptions extends SimulatorOptions {
  queue?: 'redis' | 'embedded'
}

/** An account of its own, its directory, and the command line as its user runs it. */
export async function startCliWorld({ queue = 'redis', ...options }: WorldOptions = {}) {
  if (queue === 'redis') needRedis()
  const appid = `wx${randomBytes(8).toString('hex')}`
  const { simulator } = await startSimulator({ followers: 20, ...options, appid })
  const cwd = await makeDir()
  const env: Record<string, string> = {
    WECHAT_API_BASE: simulator.base,
    WECHAT_APPID: appid,
    WECHAT_SECRET: simulator.secret,
    ...(queue === 'redis' && { REDIS_URL: redisUrl }),
  }
  if (queue === 'redis') onTestFinished(() => dropQueue(redisUrl, appid))
  const templateId =
    simulator.templates.find(({ content }) => content.includes('thing1.DATA'))?.templateId ?? ''

  /** The table as `unionpush sync` leaves it, without the second that a process takes to start. */
  async function sync(): Promise<void> {
    const config = loadConfig({ ...env, DATA_DIR: join(cwd, 'data') })
    const account = await openOnlyAccount(config, pino({ level: 'silent' }))
    await account.sync({})
    await account.close()
  }

  /** Until the record of each has ended. */
  async function untilEnded(...ids: string[]): Promise<void> {
    const account = await openOnlyAccount(
      loadConfig({ ...env, DATA_DIR: join(cwd, 'data') }),
      pino({ level: 'silent' }),
    )
    const hasEnded = async (id: string) => ((await account.pushes.find(id))?.finishedAt ?? null) !== null
    await vi.waitUntil(async () => (await Promise.all(ids.map(hasEnded))).every(Boolean), {
      timeout: 60_000,
      interval: 20,
    })
    await account.close()
  }

  /** Until the record of a push is as wanted. */
  async function until(id: string, isWanted: (row: PushRow) => boolean): Promise<void> {
    const config = loadConfig({ ...env, DATA_DIR: join(cwd, 'data') })
    const account = await openOnlyAccount(config, pino({ level: 'silent' }))
    const look = async () => {
      const row = await account.pushes.find(id)
      return row !== undefined && isWanted(row)
    }
    await vi.waitUntil(look, { timeout: 60_000, interval: 20 })
    await account.close()
  }

  /** Records of pushes that failed, each to another person. */
  async function addFailed(
    pushes: { id: string; reason: PushReason; age: number; status?: PushStatus; templateId?: string }[],
  ): Promise<PushRow[]> {
    const config = loadConfig({ ...env, DATA_DIR: join(cwd, 'data') })
    const account = await openOnlyAccount(config, pino({ level: 'silent' }))
    const rows = pushes.map(({ id, reason, age, status = 'rejected', ...more }, n): PushRow => {
      const { unionid = '' } = simulator.userAt(n)
      const push: PushJob = { v: 1, id, unionid, templateId, data, createdAt: Date.now() - age, ...more }
      const row = toNewRow(appid, push, { jobId: id, data: push, timestamp: Date.now(), starts: 1 })
      return { ...row, status, reason, finishedAt: Date.now() }
    })
    for (const row of rows) await account.pushes.add(row)
    await account.close()
    return rows
  }

  /** Queued one after another, as `unionpush push` does; `ids` are those of the pushes, by the number of the person. */
  async function queuePushes(ids: Record<string, number>): Promise<void> {
    const producerQueue = openProducerQueue({ kind: 'redis', urls: [redisUrl] }, appid)
    const producer = createProducer([{ name: appid, appid }], () => producerQueue)
    for (const [id, n] of Object.entries(ids)) {
      const { unionid } = simulator.userAt(n)
      await producer.push({ id, unionid, templateId, data })
    }
    await producerQueue.close()
  }

  return {
    sync,
    untilEnded,
    until,
    addFailed,
    queuePushes,
    appid,
    simulator,
    /** Of every command from then on. */
    env,
    cwd,
    templateId,
    run: (words: string[], more: Record<string, string> = {}) =>
      runCli(words, { cwd, env: { ...env, ...more } }),
    /** What a command that must succeed prints with --json. */
    async json(words: string[], code = 0) {
      const result = await runCli([...words, '--json'], { cwd, env })
      if (result.code !== code)
        throw new Error(`${words.join(' ')} ended with ${result.code}:\n${result.stderr}`)
      return JSON.parse(result.stdout)
    },
    /** The same for lists. */
    async lines(words: string[]) {
      const result = await runCli([...words, '--json'], { cwd, env })
      if (result.code !== 0)
        throw new Error(`${words.join(' ')} ended with ${result.code}:\n${result.stderr}`)
      return result.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    },
    start: (words: string[], more: Record<string, string> = {}) =>
      startCli(words, { cwd, env: { ...env, ...more } }),
    /** Started and ready. */
    async service(name: string, more: Record<string, string> = {}) {
      const service = startCli([name], { cwd, env: { ...env, ...more } })
      await service.waitFor(/"msg":"ready"/)
      return service
    },
    /** `push` to the n-th person. */
    push: (n: number, ...more: string[]) => [
      'push',
      '--unionid',
      simulator.userAt(n).unionid ?? '',
      '--template',
      templateId,
      '--data',
      JSON.stringify(data),
      ...more,
    ],
  }
}
