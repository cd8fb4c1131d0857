import type { Account } from '../account.ts'
import { say } from '../base/sentences/sentence.ts'
import { findMissingWorker, waitForRecord } from '../operations/wait.ts'
import type { PushReceipt } from '../push/pushAnswers.ts'
import { TimeoutError, type WaitGoal } from '../push/wait.ts'
import { NegativeAnswer } from './failure.ts'
import { formatDuration } from './format.ts'
import type { Output } from './output.ts'
import { createRecordText } from './recordText.ts'
import { createStopSignal } from './signals.ts'
import { phrase } from './text/phrase.ts'

interface Wait {
  until: WaitGoal
  /** Undefined = for ever. */
  timeoutMs: number | undefined
}

/** Queues a push and prints its record when it has come as far as is wanted, or to another end. */
export async function pushAndWait(
  account: Account,
  message: Record<string, unknown>,
  { until, timeoutMs = Number.POSITIVE_INFINITY }: Wait,
  out: Output,
): Promise<number> {
  const { appid, config, runtime } = account
  const receipt = await account.openProducer().push(message)
  const { id } = receipt
  out.remark(`${toReceiptText(receipt)}\n${phrase('push.waiting')}`)
  const stop = createStopSignal()
  const done = new AbortController()
  const ended = AbortSignal.any([stop, done.signal])
  const deps = { openControlQueue: () => runtime.producer.openControlQueue(appid) }
  const remarked = findMissingWorker(deps, id, ended).then((sentence) => {
    if (sentence !== undefined) out.remark(phrase('push.staysQueued', { sentence, id }))
  })
  try {
    const record = await waitForRecord(account, id, { until, timeoutMs }, stop)
    await out.print(record, createRecordText(config.timezone))
    return record.status === 'sent' || record.status === 'delivered' ? 0 : 1
  } catch (error) {
    if (stop.aborted) throw new NegativeAnswer('stopped', say('failure.stoppedWaiting', { id }))
    if (!(error instanceof TimeoutError)) throw error
    const within = formatDuration(timeoutMs)
    throw new NegativeAnswer('timeout', say('failure.timeout', { id, goal: until, duration: within }))
  } finally {
    done.abort()
    await remarked
  }
}

export function toReceiptText({ id, status }: PushReceipt): string {
  return phrase(status === 'queued' ? 'push.queued' : 'push.known', { id })
}
