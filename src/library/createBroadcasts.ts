import { findAccount, toOneOf } from '../base/accounts/accountName.ts'
import { loadWholeConfig } from '../base/accounts/wholeConfig.ts'
import { ConfigError } from '../base/configError.ts'
import { readEnvironment } from '../base/environment/readEnvironment.ts'
import { createLog } from '../base/log.ts'
import { toLanguage } from '../base/sentences/language.ts'
import { inLanguage } from '../base/sentences/stored.ts'
import type { BroadcastPlan, CancelledBroadcast, CreatedBroadcast } from '../broadcast/answers.ts'
import type { BroadcastInput } from '../broadcast/create/input.ts'
import type { Broadcast } from '../broadcast/view.ts'
import type { BroadcastDeps } from '../operations/broadcasts/broadcasts.ts'
import { findMeantAccount, toAccountProblem } from '../push/destinations.ts'
import { InvalidPushError } from '../push/invalidPush.ts'
import type { PushReason } from '../push/status.ts'

type Operations = typeof import('../operations/broadcasts/broadcasts.ts')

/** What is left out comes from the environment. */
export interface BroadcastsOptions {
  /** Name or AppID of a service account: of that one only. Default: of all there are. */
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
 * Broadcasts of all accounts, or of one. The database is opened by the first call.
 * @throws ConfigError
 */
export function createBroadcasts({ account, databaseUrl }: BroadcastsOptions = {}): BroadcastsClient {
  const env = { ...readEnvironment(), ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }) }
  // When to sync is the affair of those who do.
  const config = loadWholeConfig(env, () => true)
  const only = account === undefined ? undefined : findAccount(config.accounts, account)
  if (account !== undefined && !only) {
    throw new ConfigError([{ variable: 'account', expected: toOneOf(config.accounts), found: account }])
  }
  const language = toLanguage(env)
  const log = createLog({ level: config.logLevel, pretty: false })
  let opening: ReturnType<typeof open> | undefined

  /** Loaded then and not with this file: who only pushes needs no database. */
  async function open() {
    const [{ openAccounts }, operations, among] = await Promise.all([
      import('../account.ts'),
      import('../operations/broadcasts/broadcasts.ts'),
      import('../operations/broadcasts/among.ts'),
    ])
    const { accounts, close } = await openAccounts({ ...config, ...(only && { accounts: [only] }) }, log)
    return { accounts, close, operations: { ...operations, ...among } }
  }

  function opened() {
    opening ??= open().catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function control<T>(id: string, call: (operations: Operations, deps: BroadcastDeps) => Promise<T>) {
    const { accounts, operations } = await opened()
    const answer = await call(operations, await operations.findBroadcastOwner(accounts, id))
    return inLanguage(answer, language)
  }

  function create(input: BroadcastInput & { dryRun: true }): Promise<BroadcastPlan>
  function create(input: BroadcastInput): Promise<CreatedBroadcast>
  async function create({
    account: word,
    ...input
  }: BroadcastInput): Promise<BroadcastPlan | CreatedBroadcast> {
    const { accounts, operations } = await opened()
    const deps = findMeantAccount(word, accounts)
    if (!deps) throw new InvalidPushError([toAccountProblem('account', word, accounts)])
    return input.dryRun ? operations.planOne(deps, input) : operations.createOne(deps, input)
  }

  return {
    create,
    show: (id) => control(id, ({ findBroadcast }, deps) => findBroadcast(deps, id)),
    async list({ limit = 100 } = {}) {
      const { accounts, operations } = await opened()
      return inLanguage(await operations.listBroadcastsAmong(accounts, limit), language)
    },
    pause: (id) => control(id, ({ pauseOne }, deps) => pauseOne(deps, id)),
    resume: (id) => control(id, ({ resumeOne }, deps) => resumeOne(deps, id)),
    cancel: (id) => control(id, ({ cancelOne }, deps) => cancelOne(deps, id)),
    retry: (id, { reason } = {}) => control(id, ({ retryOne }, deps) => retryOne(deps, id, reason)),
    async close() {
      const closing = await opening
      opening = undefined
      await closing?.close()
    },
  }
}
