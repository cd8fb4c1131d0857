import { loadProducerConfig } from '../base/config.ts'
import { openProducer } from '../library/openProducer.ts'
import type { Producer } from '../push/producer.ts'

/** Connects to the queue of the account for a command that needs neither its secret nor the database. */
export async function withProducer<T>(use: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = openProducer(loadProducerConfig())
  try {
    return await use(producer)
  } finally {
    await producer.close()
  }
}
