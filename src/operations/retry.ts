import * as z from 'zod'
import type { AccountName } from '../base/accounts/accountName.ts'
import type { PushRow, PushRows } from '../db/pushes.ts'
import { failedStatuses, type PushStatus } from '../push/status.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { toPush } from '../sending/processor/pushRow.ts'
import { findAmong } from './accounts/among.ts'
import { mergeNewest } from './accounts/mergeNewest.ts'
import { findFailed } from './failed.ts'
import { type Cursor, toCursor } from './listing/cursor.ts'
import { compareRows, toAfter } from './listing/pushPage.ts'
import { toUserFilters, type UserDeps } from './listing/userFilters.ts'
import { failedFilterSchema } from './pushFilter.ts'
import { resend } from './resend.ts'
import { count } from './values.ts'

/** Only count them. */
const dryRun = z.boolean().optional()

export const retryInputSchema = failedFilterSchema.extend({
  /** Default: all of them. */
  status: z.enum(failedStatuses).optional(),
  dryRun,
})
export type RetryInput = z.infer<typeof retryInputSchema>
export const retryNamedInputSchema = z.strictObject({ ids: z.array(z.string()).min(1), dryRun })
export type RetryNamedInput = z.infer<typeof retryNamedInputSchema>

export const retryOutputSchema = z.strictObject({ retried: count })
export type RetryOutput = z.infer<typeof retryOutputSchema>
export const retryPartOutputSchema = retryOutputSchema.extend({
  next: z
    .string()
    .nullable()
    .optional()
    .describe('of a part: the cursor of the next; null = it was the last'),
})

interface RetryDeps extends AccountName, UserDeps {
  pushes: Pick<PushRows, 'find' | 'history' | 'countPushes' | 'recordResent'>
  openQueue(): Pick<ProducerQueue, 'run'>
}

interface LeftPush {
  id: string
  /** Undefined = it is not known. */
  status: PushStatus | undefined
}

const chunkSize = 500

/** Sends failed pushes of these accounts again, as new messages. Rejects with QueueUnavailableError, and can then be repeated. */
export async function retryFailed(
  accounts: readonly RetryDeps[],
  { dryRun, status, ...filter }: RetryInput,
): Promise<RetryOutput> {
  if (dryRun) return { retried: await countRetriable(accounts, { status, ...filter }) }
  const statuses = status && [status]
  const lists = accounts.map((account) => findFailed(account, { ...filter, statuses }))
  return retry(accounts, mergeNewest(lists, filter.limit))
}

/** By the database, however many there are. */
async function countRetriable(
  accounts: readonly RetryDeps[],
  { status, limit = Number.POSITIVE_INFINITY, ...filter }: RetryInput,
): Promise<number> {
  const counts = accounts.map(async (account) => {
    const filters = await toUserFilters(account, filter)
    const statuses = status ? [status] : failedStatuses
    return filters.flatMap((one) => statuses.map((status) => account.pushes.countPushes({ ...one, status })))
  })
  const totals = await Promise.all((await Promise.all(counts)).flat())
  return Math.min(
    limit,
    totals.reduce((sum, total) => sum + total, 0),
  )
}

interface RetryPart extends RetryInput {
  /** Where the part before ended; undefined = this is the first. */
  after: Cursor | undefined
}

/**
 * The same with at most `limit` of them, the newest. Whoever goes on from `next` sends none of them twice, also when one
 * has failed again meanwhile.
 */
export async function retryPart(
  accounts: readonly RetryDeps[],
  { dryRun, status, after, limit: wanted = chunkSize, ...filter }: RetryPart,
): Promise<z.infer<typeof retryPartOutputSchema>> {
  const limit = Math.min(wanted, chunkSize)
  const lists = accounts.map(async (account) => {
    const own = { ...filter, ...toAfter(after, account.appid), limit: limit + 1 }
    const filters = await toUserFilters(account, own)
    const statuses = status ? [status] : failedStatuses
    return filters.flatMap((one) => statuses.map((status) => account.pushes.history({ ...one, status })))
  })
  const rows: PushRow[] = []
  for (const list of (await Promise.all(lists)).flat()) for await (const row of list) rows.push(row)
  rows.sort(compareRows)
  const last = rows[limit - 1]
  const { retried } = await retry(accounts, rows.slice(0, limit), dryRun)
  return { retried, next: rows.length > limit && last ? toCursor(last) : null }
}

/**
 * The same with those that are named; `left` are those that cannot be sent again, `owners` the names of the accounts that
 * know any of them. Rejects with AmbiguousPushError too.
 */
export async function retryNamed(
  accounts: readonly RetryDeps[],
  { ids, dryRun }: RetryNamedInput,
): Promise<{ answer: RetryOutput; left: LeftPush[]; owners: string[] }> {
  const owners = new Set<string>()
  const rows: PushRow[] = []
  const left: LeftPush[] = []
  for (const id of new Set(ids)) {
    const hit = await findAmong(accounts, id, ({ pushes }) => findKept(pushes, id))
    const row = hit?.found
    if (hit) owners.add(hit.account.name)
    if (row && isRetriable(row)) rows.push(row)
    else left.push({ id, status: row?.status })
  }
  return { answer: await retry(accounts, rows, dryRun), left, owners: [...owners] }
}

/** Whoever handed a push over has nothing to send any more. */
async function findKept(pushes: Pick<PushRows, 'find'>, id: string): Promise<PushRow | undefined> {
  const row = await pushes.find(id)
  return row?.reason === 'handed_over' ? undefined : row
}

/** Each row goes back to the queue of its account, some at a time. */
async function retry(
  accounts: readonly RetryDeps[],
  rows: Iterable<PushRow> | AsyncIterable<PushRow>,
  dryRun = false,
): Promise<RetryOutput> {
  const chunks = new Map<string, PushRow[]>(accounts.map(({ appid }) => [appid, []]))
  let retried = 0
  for await (const row of rows) {
    const chunk = chunks.get(row.appid) ?? []
    if (!toPush(row)) continue
    if (dryRun) retried += 1
    else if (chunk.push(row) >= chunkSize) retried += await flush(row.appid)
  }
  for (const { appid } of accounts) retried += await flush(appid)
  return { retried }

  async function flush(appid: string): Promise<number> {
    const account = accounts.find((known) => known.appid === appid)
    const chunk = chunks.get(appid)?.splice(0) ?? []
    return account ? resend({ queue: account.openQueue(), pushes: account.pushes }, chunk) : 0
  }
}

/** Whether a push may be sent again when it is named: what WeChat may still deliver by itself only then. */
function isRetriable({ status, reason }: Pick<PushRow, 'status' | 'reason'>): boolean {
  return failedStatuses.some((failed) => failed === status) || (status === 'sent' && reason !== null)
}
