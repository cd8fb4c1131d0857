import type { ProducerQueue } from './producerQueue.ts'

type QueueModule = typeof import('./producerQueue.ts')

/**
 * A queue that is opened at once but loads BullMQ and ioredis on its way: they take longer than all else a producer
 * imports, and many a program that can push never does.
 */
export function loadQueue(open: (module: QueueModule) => ProducerQueue): ProducerQueue {
  let queue: ProducerQueue | undefined
  const opening = import('./producerQueue.ts').then((module) => {
    queue = open(module)
    return queue
  })
  // Whoever uses the queue is told.
  opening.catch(() => {})
  return {
    run: (use) => (queue ? queue.run(use) : opening.then((opened) => opened.run(use))),
    findDangers: async () => (await opening).findDangers(),
    async close() {
      const opened = await opening.catch(() => undefined)
      await opened?.close()
    },
  }
}
