import type { Job } from 'bullmq'
import type { PushRow } from '../db/pushes.ts'
import type { PushJob } from '../queue/job.ts'

/** What is known of a message before a try. */
export interface KnownTries {
  attempts: number
  /** Tries, those that do not count included. */
  starts: number
  generation: number
  /** Start of the first try whose outcome is not known. */
  unknownSince: number | null
  /** What the last try was refused with. */
  errcode: number | null
  /** The follower has left, as far as the table knows. */
  hasLeft: boolean
  /** Whether somebody else stands for the user who turns out to be meant; undefined where that is known before. */
  isTaken?: ((openid: string) => Promise<boolean>) | undefined
}

export type SendResult =
  /** Nothing was called: it may not be sent now, or is not wanted any more. */
  | { kind: 'not_tried' }
  /** The row tells how. */
  | { kind: 'ended'; row: PushRow }
  /** To be tried again after `delay` milliseconds, with what the row tells. */
  | { kind: 'later'; row: PushRow; delay: number }

/** What the worker of an account lends to who has many recipients: its slots, its calls, its judgement. */
export interface Sender {
  /** One try behind all single pushes; what it met is told to whoever paces and pauses the account. */
  send(push: PushJob, known: KnownTries, isWanted: () => boolean): Promise<SendResult>
  /** False while nothing may be sent, and when the worker is to stop. */
  mayTry(): boolean
  /** While there is a limit the queue counts sends, so a job is one: also when one tries whether a pause is over. */
  isOneByOne(): boolean
  /** Sends under way at once. */
  concurrency(): number
  /** The database failed: nothing is sent until it works again. */
  noteDatabaseError(error: Error): void
}

/** Works off the broadcasts of an account by the jobs that stand for them in its queue. */
export interface BroadcastWorker {
  start(): void
  stop(): void
  /** Rejects with DelayedError when the job goes on later. */
  handle(job: Job, token: string | undefined): Promise<void>
  /** How many sends broadcasts have at hand, as far as that is known here. */
  countAtHand(): number
}
