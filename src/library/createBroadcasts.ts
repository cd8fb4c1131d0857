import { findAccount, toNames } from '../base/accounts/accountName.ts'
import { loadWholeConfig } from '../base/accounts/wholeConfig.ts'
import { readEnvironment } from '../base/config.ts'
import { ConfigError } from '../base/configError.ts'
import { createLog } from '../base/log.ts'
import type { BroadcastPlan, CancelledBroadcast, CreatedBroadcast } from '../broadcast/answers.ts'
import type { BroadcastInput } from '../broadcast/create/input.ts'
import type { Broadcast } from '../broadcast/view.ts'
import type { BroadcastDeps } from '../operations/broadcasts/broadcasts.ts'
import type { PushReason } from '../push/status.ts'

/** What is left out comes from the environment. */
export interface BroadcastsOptions {
  /** Name or AppID of the service account; needed only where there are several. */
  account?: string
  /** Default `DATABASE_URL`, or the SQLite file in `DATA_DIR`. */
  databaseUrl?: string
}

/** Needs the database that the workers have; calls reject with a DatabaseError when it cannot be used. */
export interface BroadcastsClient {
  /**
   * Writes a broadcast down, all of it or nothing; workers send it. With `dryRun` it only tells what would happen.
   * Rejects with InvalidPushError.
   */
  create(input: BroadcastInput & { dryRun: true }): Promise<BroadcastPlan>
  create(input: BroadcastInput): Promise<CreatedBroadcast>
  /** Undefined = no such broadcast. */
  show(id: string): Promise<Broadcast | undefined>
  /** Newest first. */
  list(options?: { limit?: number }): Promise<Broadcast[]>
  /** These take effect within a second; they reject with BroadcastError when there is none or it is over. */
  pause(id: string): Promise<Broadcast>
  resume(id: string): Promise<Broadcast>
  cancel(id: string): Promise<CancelledBroadcast>
  /** Sends again, as new messages, to those who failed for a reason that can pass, or for the given one. */
  retry(id: string, options?: { reason?: PushReason }): Promise<{ retried: number }>
  close(): Promise<void>
}

/**
 * Broadcasts of one account. The database is opened by the first call.
 * @throws ConfigError
 */
export function createBroadcasts({ account, databaseUrl }: BroadcastsOptions = {}): BroadcastsClient {
  const env = { ...readEnvironment(), ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }) }
  // When to sync is the affair of those who do.
  const config = loadWholeConfig(env, () => true)
  const chosen = account === undefined ? config.accounts[0] : findAccount(config.accounts, account)
  if (!chosen || (account === undefined && config.accounts.length > 1)) {
    const expected = `one of ${toNames(config.accounts)}`
    throw new ConfigError([{ variable: 'account', expected, found: account ?? 'nothing' }])
  }
  const own = chosen
  const log = createLog({ level: config.logLevel, pretty: false })
  let opening: ReturnType<typeof open> | undefined

  /** Loaded then and not with this file: who only pushes needs no database. */
  async function open() {
    const [{ openAccounts }, operations] = await Promise.all([
      import('../account.ts'),
      import('../operations/broadcasts/broadcasts.ts'),
    ])
    const ownConfig = { ...config, accounts: [own] satisfies typeof config.accounts }
    const { accounts, close } = await openAccounts(ownConfig, log)
    return { deps: accounts[0], close, operations }
  }

  async function use<T>(
    call: (
      operations: typeof import('../operations/broadcasts/broadcasts.ts'),
      deps: BroadcastDeps,
    ) => Promise<T>,
  ): Promise<T> {
    opening ??= open().catch((error) => {
      opening = undefined
      throw error
    })
    const { deps, operations } = await opening
    return call(operations, deps)
  }

  function create(input: BroadcastInput & { dryRun: true }): Promise<BroadcastPlan>
  function create(input: BroadcastInput): Promise<CreatedBroadcast>
  function create(input: BroadcastInput): Promise<BroadcastPlan | CreatedBroadcast> {
    return use<BroadcastPlan | CreatedBroadcast>(({ planOne, createOne }, deps) =>
      input.dryRun ? planOne(deps, input) : createOne(deps, input),
    )
  }

  return {
    create,
    show: (id) => use(({ findBroadcast }, deps) => findBroadcast(deps, id)),
    list: ({ limit = 100 } = {}) => use(({ listBroadcasts }, deps) => listBroadcasts(deps, limit)),
    pause: (id) => use(({ pauseOne }, deps) => pauseOne(deps, id)),
    resume: (id) => use(({ resumeOne }, deps) => resumeOne(deps, id)),
    cancel: (id) => use(({ cancelOne }, deps) => cancelOne(deps, id)),
    retry: (id, { reason } = {}) => use(({ retryOne }, deps) => retryOne(deps, id, reason)),
    async close() {
      const opened = await opening
      opening = undefined
      await opened?.close()
    },
  }
}
