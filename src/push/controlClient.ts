import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { minute, second } from '../base/duration.ts'
import { type Language, languages } from '../base/sentences/language.ts'
import { type Sentence, say } from '../base/sentences/sentence.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import type { CancelAnswer } from './pushAnswers.ts'
import type { PushRecord } from './record.ts'
import { toldRecordSchema } from './recordSchema.ts'

/** What a producer, who has no database, can ask the workers: the data of a job in the control queue. */
export const questionSchema = z.object({
  ask: z.enum(['cancel', 'find']),
  id: z.string(),
  /** When it was asked, by the clock of the queue's server: those of two machines may differ by minutes. */
  at: z.number(),
  /** Of the answer's sentences; older programs want English. */
  language: z.enum(languages).optional(),
})
export type Question = z.infer<typeof questionSchema>

export const cancelAnswerSchema: z.ZodType<CancelAnswer> = z.enum(['cancelled', 'too_late', 'not_found'])

/** After that time nobody waits for an answer any more. */
export const questionLife = minute
/** How long a worker may take to answer. */
export const patience = 5 * second
const longestPause = 200

export interface ControlClient {
  cancel(id: string): Promise<CancelAnswer>
  /** Null for a push that nobody knows. */
  find(id: string, patienceMs?: number): Promise<PushRecord | null>
}

/** Questions to the workers of an account. All reject with QueueUnavailableError when none answers in time. */
export function createControlClient(
  { run }: Pick<ProducerQueue, 'run'>,
  language: Language = 'en',
): ControlClient {
  return {
    cancel: (id) => ask({ ask: 'cancel', id }, cancelAnswerSchema, patience),
    find: (id, patienceMs = patience) => ask({ ask: 'find', id }, toldRecordSchema.nullable(), patienceMs),
  }

  async function ask<T>(
    question: Pick<Question, 'ask' | 'id'>,
    answerSchema: z.ZodType<T>,
    patienceMs: number,
  ): Promise<T> {
    const jobId = randomUUID()
    const until = Date.now() + patienceMs
    const kept = { age: questionLife / second }
    const options = { jobId, removeOnComplete: kept, removeOnFail: kept }
    await run((q, now) => q.add(question.ask, { ...question, at: now, language }, options))
    for (let pause = 5; ; pause = Math.min(2 * pause, longestPause)) {
      await sleep(pause)
      const job = await run((q) => q.getJob(jobId))
      if (job?.failedReason) throw toUnavailable(say('away.workerFailed', { reason: job.failedReason }))
      if (job?.finishedOn) return answerSchema.parse(job.returnvalue)
      if (Date.now() < until) continue
      // So that no worker does it when nobody expects it any more; one that is at it right now cannot be stopped.
      await job?.remove().catch(() => {})
      throw toUnavailable(say('away.noWorker'))
    }
  }
}

function toUnavailable(sentence: Sentence): QueueUnavailableError {
  return new QueueUnavailableError(sentence, { cause: undefined })
}
