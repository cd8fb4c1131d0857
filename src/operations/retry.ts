import * as z from 'zod'
import type { PushRow, PushRows } from '../db/pushes.ts'
import { failedStatuses, type PushStatus } from '../push/status.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { toPush } from '../sending/processor/pushRow.ts'
import { findFailed } from './failed.ts'
import { failedFilterSchema } from './pushFilter.ts'
import { resend } from './resend.ts'
import { count } from './values.ts'

/** Only count them. */
const dryRun = z.boolean().optional()

export const retryInputSchema = failedFilterSchema.extend({ dryRun })
export type RetryInput = z.infer<typeof retryInputSchema>
export const retryNamedInputSchema = z.strictObject({ ids: z.array(z.string()).min(1), dryRun })
export type RetryNamedInput = z.infer<typeof retryNamedInputSchema>

export const retryOutputSchema = z.strictObject({ retried: count })
export type RetryOutput = z.infer<typeof retryOutputSchema>

interface RetryDeps {
  pushes: Pick<PushRows, 'find' | 'history' | 'recordResent'>
  openQueue(): Pick<ProducerQueue, 'run'>
}

interface LeftPush {
  id: string
  /** Undefined = it is not known. */
  status: PushStatus | undefined
}

/** Sends failed pushes again, as new messages. Rejects with QueueUnavailableError, and can then be repeated. */
export async function retryFailed(deps: RetryDeps, { dryRun, ...filter }: RetryInput): Promise<RetryOutput> {
  return retry(deps, findFailed(deps, filter), dryRun)
}

/** The same with those that are named; `left` are those that cannot be sent again. */
export async function retryNamed(
  deps: RetryDeps,
  { ids, dryRun }: RetryNamedInput,
): Promise<{ answer: RetryOutput; left: LeftPush[] }> {
  const rows: PushRow[] = []
  const left: LeftPush[] = []
  for (const id of new Set(ids)) {
    const row = await deps.pushes.find(id)
    if (row && isRetriable(row)) rows.push(row)
    else left.push({ id, status: row?.status })
  }
  return { answer: await retry(deps, rows, dryRun), left }
}

async function retry(
  { pushes, openQueue }: RetryDeps,
  rows: Iterable<PushRow> | AsyncIterable<PushRow>,
  dryRun = false,
): Promise<RetryOutput> {
  return { retried: dryRun ? await countPushes(rows) : await resend({ queue: openQueue(), pushes }, rows) }
}

async function countPushes(rows: Iterable<PushRow> | AsyncIterable<PushRow>): Promise<number> {
  let total = 0
  for await (const row of rows) if (toPush(row)) total += 1
  return total
}

/** Whether a push may be sent again when it is named: what WeChat may still deliver by itself only then. */
function isRetriable({ status, reason }: Pick<PushRow, 'status' | 'reason'>): boolean {
  return failedStatuses.some((failed) => failed === status) || (status === 'sent' && reason !== null)
}
