import type { ProducerConfig } from '../base/config.ts'
import type { Sentence } from '../base/sentences/sentence.ts'
import { createProducer, type Producer } from '../push/producer.ts'
import { loadProducer } from '../queue/loadProducer.ts'
import { createFindFaults } from './templateMirror.ts'

/**
 * The way into the queues of the accounts on a connection of its own; needs neither their secrets nor a database, whose
 * templates are looked at if it is there. What is wrong with messages is said by `inWords`.
 */
export function openProducer(
  { queue, accounts, database }: ProducerConfig,
  inWords: (sentence: Sentence) => string,
): Producer & { close(): Promise<void> } {
  const connection = loadProducer(queue)
  const findFaults = createFindFaults(accounts, database)
  return { ...createProducer(accounts, connection.openQueue, inWords, findFaults), close: connection.close }
}
