import { loadProducerConfig } from '../base/config.ts'
import { createProducer, type Producer } from '../push/producer.ts'
import { openProducerQueue } from '../queue/producerQueue.ts'

/** Connects to the queue of the account for a command that needs neither its secret nor the database. */
export async function withProducer<T>(use: (producer: Producer) => Promise<T>): Promise<T> {
  const config = loadProducerConfig()
  const queue = openProducerQueue(config.queue, config.appid)
  try {
    return await use(createProducer(queue))
  } finally {
    await queue.close()
  }
}
