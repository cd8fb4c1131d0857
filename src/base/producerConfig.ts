import { resolve } from 'node:path'
import { readAccountNames } from './accounts/accountsFile.ts'
import type { ProducerConfig } from './config.ts'
import { bothOrThrow, check, type Environment, parse } from './environment/checkEnvironment.ts'
import { readEnvironment } from './environment/readEnvironment.ts'
import { producerSchema, sharedProducerSchema } from './environment/requirements.ts'
import { toDatabaseConfig, toQueueConfig } from './toConfig.ts'

/**
 * The part a producer needs: `WECHAT_APPID` or the names of `ACCOUNTS_FILE`, `REDIS_URL`, `DATA_DIR`.
 * @throws ConfigError naming every problem at once
 */
export function loadProducerConfig(env: Environment = readEnvironment()): ProducerConfig {
  if (!env.ACCOUNTS_FILE) {
    const { WECHAT_APPID: appid, ...values } = parse(producerSchema, env)
    return { accounts: [{ name: appid, appid }], ...toPlaces(values) }
  }
  const shared = check(sharedProducerSchema, env)
  const [values, accounts] = bothOrThrow(shared, readAccountNames(resolve(env.ACCOUNTS_FILE)))
  return { accounts, ...toPlaces(values) }
}

function toPlaces(values: Parameters<typeof toQueueConfig>[0]): Omit<ProducerConfig, 'accounts'> {
  return { queue: toQueueConfig(values), database: toDatabaseConfig(values) }
}
