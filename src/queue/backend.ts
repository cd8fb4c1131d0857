import type { Job, Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { Sentence } from '../base/sentences/sentence.ts'

/** Producers fail fast, workers wait for the server. */
export type Role = 'producer' | 'worker'

/** BullMQ's queue but for what depends on the kind of server. */
export type PushQueue = Pick<
  Queue,
  | 'add'
  | 'addBulk'
  | 'close'
  | 'getCountsPerPriority'
  | 'getDeduplicationJobId'
  | 'getJob'
  | 'getJobCounts'
  | 'getJobs'
  | 'getRanges'
  | 'getRateLimitTtl'
  | 'isPaused'
  | 'obliterate'
  | 'pause'
  | 'remove'
  | 'removeDeduplicationKey'
  | 'removeGlobalConcurrency'
  | 'removeGlobalRateLimit'
  | 'resume'
  | 'setGlobalConcurrency'
  | 'setGlobalRateLimit'
  | 'waitUntilReady'
> & { on(event: 'error', listener: (error: Error) => void): unknown }

/** BullMQ's worker but for what depends on the kind of server. */
export type QueueWorker = Pick<Worker, 'close' | 'concurrency' | 'isPaused' | 'pause' | 'resume'> & {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'failed', listener: (job: Job | undefined, error: Error) => void): unknown
  on(event: 'closing', listener: () => void): unknown
  emit(event: 'error', error: Error): boolean
  getBackend(): { moveStalledJobsToWait(): Promise<string[]> }
}

export type QueueWorkerOptions = Omit<WorkerOptions, 'connection' | 'prefix'>

/** What a person should know of a server that can be used all the same. */
export interface Danger {
  kind: 'eviction' | 'full' | 'volatile' | 'unknown'
  sentence: Sentence
}

/** BullMQ on one server: where its queues and workers connect to. */
export interface QueueBackend {
  /** The server in words, without credentials. */
  place: Sentence
  /** Whether a call made now has a connection to go to. */
  isReady(): boolean
  /** Resolves when it has. */
  ready(): Promise<void>
  /** Calls back whenever a connection has been made. */
  onReady(listener: () => void): void
  /** Why there is no connection, as far as known. */
  lastError(): Error | undefined
  /** Whether the server surely did nothing for a command that ended with `error`. */
  isRefusal(error: unknown): boolean
  /** The sentence to give up with when waiting cannot help against `error`. */
  permanentReason(error: unknown): Sentence | undefined
  /** Rejects with QueueUnavailableError when the server cannot be used with these settings. */
  untilUnusable: Promise<never>
  isUnusable(): boolean
  /** An error of the server or the connection as a sentence, with what to do about it. */
  explain(error: unknown): Sentence
  /** The clock of the server, by which programs on several machines agree; epoch milliseconds. */
  getTime(): Promise<number>
  /**
   * Takes the queue for a database, for good. Rejects with QueueUnavailableError when it is another one's.
   */
  claim(name: string, databaseId: string): Promise<void>
  createQueue(name: string): PushQueue
  createWorker(name: string, processor: Processor, options: QueueWorkerOptions): QueueWorker
  /** What in the server's settings or state can lose or refuse jobs. */
  findDangers(): Promise<Danger[]>
  /** Deletes what has run out and would stay otherwise. */
  tidy(): Promise<void>
  /** Gives up a connection that does not answer and makes another one. */
  reset(): void
  close(): Promise<void>
}
