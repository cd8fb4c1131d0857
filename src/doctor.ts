import { resolve } from 'node:path'
import type { AccountConfig, Config } from './base/config.ts'
import { ConfigError } from './base/configError.ts'
import { second } from './base/duration.ts'
import type { Environment } from './base/environment/checkEnvironment.ts'
import { readEnvironment } from './base/environment/readEnvironment.ts'
import type { Log } from './base/log.ts'
import { loadConfig } from './base/programConfig.ts'
import { createReleasers } from './base/releasers.ts'
import { DatabaseError } from './db/databaseError.ts'
import { openDatabase } from './db/open.ts'
import type { Stores } from './db/stores.ts'
import { askBases, askUrl } from './operations/doctor/askBases.ts'
import { askQueue, askWorker } from './operations/doctor/askQueue.ts'
import { createAskedWechat, once } from './operations/doctor/askWechat.ts'
import type { Examined } from './operations/doctor/run.ts'
import type { CheckedAccount, Installation, Tables } from './operations/doctor/subjects.ts'
import { loadProducer } from './queue/loadProducer.ts'
import type { ProducerConnection } from './queue/producerQueue.ts'
import { askRedis } from './queue/redis/info.ts'
import { createWechatClient, type WechatClient } from './wechat/client.ts'
import { createGotTransport } from './wechat/transport/gotTransport.ts'
import type { Transport } from './wechat/transport/transport.ts'

export type OpenedExamined = Examined & { config: Config | undefined; close(): Promise<void> }

/** Shorter than elsewhere: what takes longer is a finding. */
const timeouts = { connect: 3 * second, answer: 5 * second }
const redisPatience = 4 * second

/**
 * What `doctor` looks at, opened part by part, because what cannot be opened is what is looked for; `narrow` keeps the
 * accounts that are meant, `readEnv` tells the settings. Rejects for nothing that is wrong with the installation.
 */
export async function openExamined(
  createLog: (config: Config) => Log,
  narrow: (config: Config) => Config,
  readEnv: () => Environment = readEnvironment,
): Promise<OpenedExamined> {
  const { config: whole, problems, accountsFile } = readConfig(readEnv)
  const machine = { cwd: process.cwd(), nodeVersion: process.version, problems, accountsFile }
  if (whole === undefined) {
    return { machine, installation: undefined, accounts: [], config: undefined, close: async () => {} }
  }
  const config = narrow(whole)
  return openParts(config, machine, createLog(config))
}

/** The same in a process that runs, with the settings it has. */
export function openRunning(config: Config, log: Log): Promise<OpenedExamined> {
  const { accountsFile } = config
  const machine = { cwd: process.cwd(), nodeVersion: process.version, problems: [], accountsFile }
  return openParts(config, machine, log)
}

async function openParts(config: Config, machine: Examined['machine'], log: Log): Promise<OpenedExamined> {
  const releasers = createReleasers()
  const { stores, databaseError } = await tryDatabase(config, log)
  releasers.add(() => stores?.close())
  const transport = createGotTransport({ ...config, timeouts })
  const client = createWechatClient({ bases: config.apiBases, transport, hotTransport: transport, log })
  releasers.add(() => client.close())
  const producer = loadProducer(config.queue)
  releasers.add(() => producer.close())
  const shared: Shared = { config, log, stores, client, producer }
  return {
    machine,
    installation: toInstallation(shared, databaseError, transport),
    accounts: config.accounts.map((account) => toCheckedAccount(shared, account)),
    config,
    close: releasers.close,
  }
}

interface Shared {
  config: Config
  log: Log
  stores: Stores | undefined
  client: WechatClient
  producer: ProducerConnection
}

function readConfig(readEnv: () => Environment): Pick<Examined['machine'], 'problems' | 'accountsFile'> & {
  config: Config | undefined
} {
  let env: Environment = {}
  const toPath = () => (env.ACCOUNTS_FILE ? resolve(env.ACCOUNTS_FILE) : undefined)
  try {
    env = readEnv()
    return { config: loadConfig(env), problems: [], accountsFile: toPath() }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: undefined, problems: error.sentences, accountsFile: toPath() }
  }
}

async function tryDatabase(
  config: Config,
  log: Log,
): Promise<Pick<Installation, 'stores' | 'databaseError'>> {
  try {
    return { stores: await openDatabase(config.database, log), databaseError: undefined }
  } catch (error) {
    if (error instanceof DatabaseError) return { stores: undefined, databaseError: error }
    throw error
  }
}

function toInstallation(
  { config, stores }: Shared,
  databaseError: DatabaseError | undefined,
  transport: Transport,
): Installation {
  const { queue, proxy, apiBases: bases, alertWebhookUrl } = config
  return {
    config,
    stores,
    databaseError,
    askBases: once(() => askBases({ transport, bases, proxy })),
    askRedis: once(async () =>
      queue.kind === 'redis' ? askRedis({ urls: queue.urls, ca: queue.ca }, redisPatience) : undefined,
    ),
    askAlertUrl: once(async () => (alertWebhookUrl ? askUrl(transport, alertWebhookUrl) : { why: '' })),
  }
}

function toCheckedAccount(
  { config, log, stores, client, producer }: Shared,
  account: AccountConfig,
): CheckedAccount {
  const { appid, name, miniProgram } = account
  const tables = stores && toTables(stores, account)
  return {
    name,
    appid,
    config: { ...config, ...account },
    tables,
    wechat: createAskedWechat({
      client,
      log,
      account,
      miniProgram,
      findToken: async () => tables?.findToken(),
    }),
    queue: once(() => askQueue(producer.openQueue(appid))),
    hasWorker: once(() => askWorker(producer.openControlQueue(appid))),
  }
}

function toTables(stores: Stores, { appid, miniProgram }: AccountConfig): Tables {
  return {
    followers: stores.followers(appid),
    pushes: stores.pushes(appid),
    syncRuns: stores.syncRuns(appid),
    templates: stores.templates(appid),
    templatePauses: stores.templatePauses(appid),
    accountState: stores.accountState(appid),
    openCircuits: stores.openCircuits(appid),
    users: miniProgram && stores.users(miniProgram.appid),
    findToken: () => stores.tokens().load(appid),
  }
}
