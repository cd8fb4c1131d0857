import type { ProducerConfig } from '../base/config.ts'
import { createProducer, type Producer } from '../push/producer.ts'
import { loadProducer } from '../queue/loadProducer.ts'

/** The way into the queue of the first account on a connection of its own; needs neither its secret nor a database. */
export function openProducer({
  queue,
  accounts: [{ appid }],
}: ProducerConfig): Producer & { close(): Promise<void> } {
  const connection = loadProducer(queue)
  return { ...createProducer(connection.openQueue(appid)), close: connection.close }
}
