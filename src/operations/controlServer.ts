import type { Job } from 'bullmq'
import { second } from '../base/duration.ts'
import { inLanguage } from '../base/sentences/stored.ts'
import type { AccountState } from '../db/accountState.ts'
import type { PushRows } from '../db/pushes.ts'
import { questionLife, questionSchema } from '../push/controlClient.ts'
import type { QueueWorker } from '../queue/backend.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import { startWatchdog } from '../sending/watchdog.ts'
import { cancelPush } from './cancel.ts'
import { createQueuedPushes } from './queuedPushes.ts'
import { findPush } from './show.ts'

interface ControlServerDeps {
  /** Of the account. */
  name: string
  appid: string
  queue: Pick<WorkerQueue, 'queue' | 'getTime' | 'control' | 'reset'>
  pushes: Pick<PushRows, 'cancel' | 'find' | 'add' | 'history'>
  accountState: Pick<AccountState, 'find'>
  onError(error: Error): void
}

/** Answers what producers ask about pushes, until stopped. */
export function startControlServer({ onError, ...deps }: ControlServerDeps) {
  const { name, appid, queue, pushes, accountState } = deps
  const { control, reset } = queue
  const openQueue = (): Pick<ProducerQueue, 'run'> => ({
    run: async (use) => use(queue.queue, await queue.getTime()),
  })
  const queued = createQueuedPushes({ appid, openQueue, pushes, accountState })
  let underWay = 0
  let worker = startWorker()
  const watchdog = startWatchdog({
    queue: control.queue,
    isIdle: () => underWay === 0,
    // Nothing pauses or limits its queue.
    mayTakeJobs: async () => ({ ok: true }),
    rebuild() {
      worker.close(true).catch(() => {})
      worker = startWorker()
    },
    reconnect: reset,
  })
  control.queue.on('error', onError)

  return {
    async stop(): Promise<void> {
      watchdog.stop()
      await worker.close()
    },
  }

  function startWorker(): QueueWorker {
    const started = control.createWorker(
      async (job) => {
        underWay += 1
        try {
          return await answer(job)
        } finally {
          underWay -= 1
        }
      },
      { concurrency: 20, lockDuration: 15 * second, drainDelay: 60, runRetryDelay: second },
    )
    started.on('error', onError)
    return started
  }

  async function answer({ data }: Job): Promise<unknown> {
    const { ask, id, at, language = 'en' } = questionSchema.parse(data)
    if ((await control.getTime()) - at > questionLife) return null
    switch (ask) {
      case 'cancel':
        return (await cancelPush({ pushes, queued }, id)).status
      case 'find':
        return inLanguage((await findPush({ name, pushes, queued }, id)) ?? null, language)
      default:
        return ask satisfies never
    }
  }
}
