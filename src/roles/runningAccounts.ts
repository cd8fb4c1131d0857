import { isDeepStrictEqual } from 'node:util'
import type { Account } from '../account.ts'
import type { AccountConfig } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { createReleasers, type Releasers } from '../base/releasers.ts'

/**
 * Starts something of one account; what it opens goes to `releasers` before anything is waited for, as the account may
 * leave at any time.
 */
export type AccountRole = (account: Account, releasers: Releasers) => void | Promise<void>

interface Running {
  config: AccountConfig
  account: Account
  releasers: Releasers
}

/** By the names of the accounts. */
export interface AccountChanges {
  added: string[]
  removed: string[]
  changed: string[]
}

/** The accounts of a process and what runs for each: they come, change and leave without the others noticing. */
export function createRunningAccounts(open: (config: AccountConfig) => Account, log: Log) {
  const running = new Map<string, Running>()
  const roles: AccountRole[] = []

  function add(config: AccountConfig): Running {
    const account = open(config)
    const releasers = createReleasers()
    releasers.add(() => account.close())
    const entry = { config, account, releasers }
    running.set(config.appid, entry)
    return entry
  }

  /** In a process that runs already: what does not start is logged, and the next change of the accounts tries again. */
  async function start(entry: Running): Promise<void> {
    const { account, releasers, config } = entry
    try {
      await Promise.all(roles.map((role) => role(account, releasers)))
    } catch (error) {
      log.error({ err: error, account: account.name }, 'the account could not be started')
      if (running.get(config.appid) === entry) running.delete(config.appid)
      await releasers.close()
    }
  }

  return {
    list: () => [...running.values()].map(({ account }) => account),
    add,
    /** Starts it for all accounts, and from now on for each that comes. Rejects when it cannot be started for one. */
    async startRole(role: AccountRole): Promise<void> {
      roles.push(role)
      await Promise.all([...running.values()].map(({ account, releasers }) => role(account, releasers)))
    },
    /**
     * Makes them these. Resolves when those that left have finished what was in flight; whether those that came have all
     * they need is not waited for.
     */
    async change(
      configs: readonly AccountConfig[],
      onChange: (changes: AccountChanges) => void,
    ): Promise<void> {
      const leaving: Running[] = []
      const coming: Running[] = []
      const changes: AccountChanges = { added: [], removed: [], changed: [] }
      const appids = new Set(configs.map(({ appid }) => appid))
      for (const [appid, entry] of running) {
        if (appids.has(appid)) continue
        running.delete(appid)
        leaving.push(entry)
        changes.removed.push(entry.config.name)
      }
      for (const config of configs) {
        const known = running.get(config.appid)
        if (known && isDeepStrictEqual(known.config, config)) continue
        // The new one first: nothing WeChat posts meanwhile shall find nobody.
        coming.push(add(config))
        if (known) leaving.push(known)
        changes[known ? 'changed' : 'added'].push(config.name)
      }
      onChange(changes)
      for (const entry of coming) void start(entry)
      await Promise.all(leaving.map(({ releasers }) => releasers.close()))
    },
    async close(): Promise<void> {
      const entries = [...running.values()]
      running.clear()
      await Promise.all(entries.map(({ releasers }) => releasers.close()))
    },
  }
}
