import type { ProducerConfig } from '../base/config.ts'
import { createProducer, type Producer } from '../push/producer.ts'
import { loadProducer } from '../queue/loadProducer.ts'

/** The way into the queues of the accounts on a connection of its own; needs neither their secrets nor a database. */
export function openProducer({ queue, accounts }: ProducerConfig): Producer & { close(): Promise<void> } {
  const connection = loadProducer(queue)
  return { ...createProducer(accounts, connection.openQueue), close: connection.close }
}
