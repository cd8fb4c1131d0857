import { loadProducerConfig } from '../base/config.ts'
import { openProducer } from '../library/openProducer.ts'
import type { Producer } from '../push/producer.ts'
import { chooseAccount } from './accounts/accountArg.ts'

/** Connects to the queue of an account for a command that needs neither its secret nor the database. */
export async function withProducer<T>(
  word: string | undefined,
  use: (producer: Producer) => Promise<T>,
): Promise<T> {
  const { accounts, queue } = loadProducerConfig()
  const producer = openProducer({ queue, accounts: [chooseAccount(accounts, word)] })
  try {
    return await use(producer)
  } finally {
    await producer.close()
  }
}
