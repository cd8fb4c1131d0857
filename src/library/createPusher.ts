import { setMaxListeners } from 'node:events'
import type { AccountName } from '../base/accounts/accountName.ts'
import { findAccount, toOneOf } from '../base/accounts/accountName.ts'
import type { Backoff } from '../base/backoff.ts'
import { ConfigError } from '../base/configError.ts'
import { second } from '../base/duration.ts'
import { readEnvironment } from '../base/environment/readEnvironment.ts'
import { loadProducerConfig } from '../base/producerConfig.ts'
import { toLanguage } from '../base/sentences/language.ts'
import { say, toEnglish } from '../base/sentences/sentence.ts'
import { findWay, toEnd } from '../operations/accounts/way.ts'
import { type ControlClient, createControlClient } from '../push/controlClient.ts'
import type { PushMessage } from '../push/message.ts'
import { createProducer } from '../push/producer.ts'
import type { CancelAnswer, PushManyReceipt, PushReceipt } from '../push/pushAnswers.ts'
import type { PushRecord } from '../push/record.ts'
import { type WaitOptions, waitForPush } from '../push/wait.ts'
import { loadProducer } from '../queue/loadProducer.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import { createFindFaults } from './templateMirror.ts'

/** What is left out comes from the environment. */
export interface PusherOptions {
  /** The service account; default `WECHAT_APPID`, or those of `ACCOUNTS_FILE`. */
  appid?: string
  /** Name or AppID: the one of `ACCOUNTS_FILE` that all pushes belong to, so that they need not name it. */
  account?: string
  /** Default `REDIS_URL`, whose forms it takes; several URLs, separated by commas, are one cluster. */
  redisUrl?: string
  /** Where to find the templates, and the queue when there is no Redis and this is `postgres://...`; default `DATABASE_URL`. */
  databaseUrl?: string
  /** Where to find the templates and the embedded queue when it is neither; default `DATA_DIR`. */
  dataDir?: string
}

interface AccountOption {
  /** Name or AppID of the service account. */
  account?: string | undefined
}

export interface Pusher {
  /**
   * Queues one message, to be sent once.
   * Rejects with InvalidPushError (nothing was queued) or, within 5 s, with QueueUnavailableError.
   */
  push(message: PushMessage): Promise<PushReceipt>
  /**
   * Queues any number of messages with bounded memory; invalid ones are reported and left out.
   * Rejects with QueueUnavailableError, which says how many are queued for sure.
   */
  pushMany(messages: Iterable<PushMessage> | AsyncIterable<PushMessage>): Promise<PushManyReceipt>
  /**
   * Takes back a push that is not sent yet, whether it waits, is held or is to be tried again. Its id stays known.
   * Rejects within 5 s with QueueUnavailableError when no worker answers. `account` is needed only where several have a
   * push with this id; without it that rejects with AmbiguousPushError.
   */
  cancel(id: string, options?: AccountOption): Promise<CancelAnswer>
  /**
   * Resolves with the record of a push when it is sent, or has its receipt, or has come to another end.
   * Rejects with TimeoutError, which tells how far it has come; then it goes on all the same. Of several accounts that it
   * was offered to it is the record of the last one.
   */
  wait(id: string, options?: WaitOptions & AccountOption): Promise<PushRecord>
  /** Ends waits, and waits for the other calls under way. */
  close(): Promise<void>
}

/** Between two questions of `wait`, each of which is a job of the queue. */
const backoff: Backoff = { first: 50, factor: 1.5, longest: second }

/**
 * Connects to the queues of the accounts; needs neither their secrets nor a database, whose templates are looked at if it
 * is there.
 * @throws ConfigError
 */
export function createPusher({ appid, account, ...places }: PusherOptions = {}): Pusher {
  const { redisUrl, databaseUrl, dataDir } = places
  const env = readEnvironment()
  const config = loadProducerConfig({
    ...env,
    ...(appid !== undefined && { WECHAT_APPID: appid, ACCOUNTS_FILE: undefined }),
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...(dataDir !== undefined && { DATA_DIR: dataDir }),
  })
  const accounts = account === undefined ? config.accounts : [findOrThrow(config.accounts, account)]
  const language = toLanguage(env)
  const closing = new AbortController()
  // Every wait listens to it.
  setMaxListeners(0, closing.signal)
  const connection = loadProducer(config.queue)
  const controls = new Map<string, ControlClient>()

  function ask({ appid }: AccountName): ControlClient {
    const control = controls.get(appid) ?? createControlClient(connection.openControlQueue(appid), language)
    controls.set(appid, control)
    return control
  }

  function toMeant(word: string | undefined): readonly AccountName[] {
    return word === undefined ? accounts : [findOrThrow(accounts, word)]
  }

  async function find(
    meant: readonly AccountName[],
    id: string,
    patienceMs?: number,
  ): Promise<PushRecord | null> {
    const way = await findWay(meant, id, async (own) => (await ask(own).find(id, patienceMs)) ?? undefined)
    return way ? toEnd(way) : null
  }

  return {
    ...createProducer(accounts, connection.openQueue, toEnglish, createFindFaults(accounts, config.database)),
    async cancel(id, { account: word } = {}) {
      const meant = toMeant(word)
      const [only, ...others] = meant
      if (only && others.length === 0) return ask(only).cancel(id)
      const record = await find(meant, id)
      return record ? ask({ name: record.account, appid: record.appid }).cancel(id) : 'not_found'
    },
    async wait(id, { account: word, ...options } = {}) {
      const meant = toMeant(word)
      const deps = { find: (pushId: string, ms: number) => find(meant, pushId, ms), backoff }
      return waitForPush(deps, id, options, closing.signal)
    },
    async close() {
      closing.abort(new QueueUnavailableError(say('away.closed'), { cause: undefined }))
      await connection.close()
    },
  }
}

function findOrThrow(accounts: readonly AccountName[], word: string): AccountName {
  const found = findAccount(accounts, word)
  if (found) return found
  const problem = {
    variable: 'account',
    expected: toOneOf(accounts),
    found: JSON.stringify(word),
  }
  throw new ConfigError([problem])
}
