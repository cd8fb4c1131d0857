import type { ProducerConfig } from '../base/config.ts'
import { loadProducerConfig } from '../base/producerConfig.ts'
import { openProducer } from '../library/openProducer.ts'
import type { Producer } from '../push/producer.ts'
import { inWords } from './text/phrase.ts'

export type ChooseAccounts = (accounts: ProducerConfig['accounts']) => ProducerConfig['accounts']

/** Connects to the queues of some accounts for a command that needs neither their secrets nor the database. */
export async function withProducer<T>(
  choose: ChooseAccounts,
  use: (producer: Producer) => Promise<T>,
): Promise<T> {
  const config = loadProducerConfig()
  const producer = openProducer({ ...config, accounts: choose(config.accounts) }, inWords)
  try {
    return await use(producer)
  } finally {
    await producer.close()
  }
}
