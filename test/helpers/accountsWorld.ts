import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { SimulatorControls } from '../../src/simulator/controls.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { runCli, startCli } from './cli.ts'
import { dropQueue, makeDir } from './pushing.ts'
import { needRedis, redisUrl } from './redisNeeded.ts'
import { startSimulator } from './simulatorClient.ts'

const data = { thing1: '订单已发货', time2: '2026-11-20 15:01' }

interface Entry extends Record<string, unknown> {
  name: string
  appid: string
  secret: string
}

/** Several accounts of one simulator with the same people, their ACCOUNTS_FILE, and the command line as its user runs it. */
export async function startAccountsWorld(names: string[], options: SimulatorOptions = {}) {
  needRedis()
  const appid = `wx${randomBytes(8).toString('hex')}`
  const { simulator } = await startSimulator({ followers: 20, ...options, appid, accounts: names.length })
  const cwd = await makeDir()
  const path = join(cwd, 'accounts.json')
  for (const account of simulator.accounts) onTestFinished(() => dropQueue(redisUrl, account.appid))
  const env = { WECHAT_API_BASE: simulator.base, REDIS_URL: redisUrl, ACCOUNTS_FILE: 'accounts.json' }

  function at(name: string): SimulatorControls {
    const account = simulator.accounts[names.indexOf(name)]
    if (!account) throw new Error(`no account ${name}`)
    return account
  }

  function toEntry(name: string, more: Record<string, unknown> = {}): Entry {
    const { appid, secret } = at(name)
    return { name, appid, secret, ...more }
  }

  function writeAccounts(accounts: unknown[]): void {
    writeFileSync(path, JSON.stringify({ accounts }), { mode: 0o600 })
  }
  writeAccounts(names.map((name) => toEntry(name)))

  const templateOf = (name: string) =>
    at(name).templates.find(({ content }) => content.includes('thing1.DATA'))?.templateId ?? ''

  return {
    simulator,
    cwd,
    path,
    env,
    at,
    toEntry,
    writeAccounts,
    templateOf,
    data,
    run: (words: string[], more: Record<string, string> = {}) =>
      runCli(words, { cwd, env: { ...env, ...more } }),
    /** What a command that must succeed prints with --json, line by line. */
    async lines(...words: string[]) {
      const result = await runCli([...words, '--json'], { cwd, env })
      if (result.code !== 0)
        throw new Error(`${words.join(' ')} ended with ${result.code}:\n${result.stderr}`)
      return result.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    },
    /** Started and ready. */
    async service(name: string, more: Record<string, string> = {}) {
      const service = startCli([name], { cwd, env: { ...env, ...more } })
      await service.waitFor(/"msg":"ready"/)
      return service
    },
    /** `push` by an account to the n-th person. */
    push: (name: string, n: number, ...more: string[]) => [
      ...['push', '--account', name, '--unionid', simulator.userAt(n).unionid ?? ''],
      ...['--template', templateOf(name), '--data', JSON.stringify(data), ...more],
    ],
  }
}
