import * as z from 'zod'
import type { AccountName } from '../../base/accounts/accountName.ts'
import type { PushFilter, PushRow, PushRows } from '../../db/pushes.ts'
import type { PushRecord } from '../../push/record.ts'
import { pushRecordSchema } from '../../push/recordSchema.ts'
import { findStatusOf } from '../../push/status.ts'
import { toPushRecord } from '../../push/toPushRecord.ts'
import { listRecipients, listUserRecipients, type RecipientDeps } from '../broadcasts/recipients.ts'
import type { HistoryFilter } from '../pushFilter.ts'
import type { QueuedPushes } from '../queuedPushes.ts'
import { type Cursor, toCursor } from './cursor.ts'
import { toUserFilters, type UserDeps } from './userFilters.ts'

export const pushPageSchema = z.strictObject({
  items: z.array(pushRecordSchema),
  next: z.string().nullable().describe('the cursor of the next page; null = this is the last one'),
})
type PushPage = z.infer<typeof pushPageSchema>

interface PushPageDeps extends AccountName, UserDeps, RecipientDeps {
  pushes: Pick<PushRows, 'history'>
  queued: Pick<QueuedPushes, 'list'>
}

interface PageOptions {
  limit: number
  cursor: Cursor | undefined
}

/**
 * Some pushes of these accounts, newest first, from where the page before ended: whatever arrives meanwhile, none comes
 * twice and none is left out. Of a broadcast its recipients, in the order of sending; of a user also what broadcasts brought. Those that wait in the queue alone
 * come with the status `queued`, for which the whole queue is read. Rejects with QueueUnavailableError and BroadcastError.
 */
export async function loadPushPage(
  accounts: readonly PushPageDeps[],
  { limit: _, ...filter }: HistoryFilter,
  { limit, cursor }: PageOptions,
): Promise<PushPage> {
  if (filter.broadcast !== undefined) return loadRecipientPage(accounts, filter, { limit, cursor })
  const { reason, status = reason && findStatusOf(reason) } = filter
  const lists = await Promise.all(
    accounts.map(async (account): Promise<Place[]> => {
      const own = { ...filter, status, ...toAfter(cursor, account.appid) }
      const find = status === 'queued' ? findQueued : findRecorded
      const [rows, recipients] = await Promise.all([
        find(account, own, limit + 1),
        listUserRecipients(account, own),
      ])
      const places = recipients.map((record) => ({ ...toPlace(record), record }))
      return [
        ...rows.map((row) => ({ ...row, record: toPushRecord(row, account.name) })),
        ...places.filter((place) => own.after === undefined || isBehind(place, own.after)),
      ]
    }),
  )
  const places = lists.flat().sort(compareRows)
  const last = places[limit - 1]
  return {
    items: places.slice(0, limit).map(({ record }) => record),
    next: places.length > limit && last ? toCursor(last) : null,
  }
}

/** Where a record stands in the list. */
interface Place extends Cursor {
  record: PushRecord
}

function toPlace({ createdAt, id, appid }: PushRecord): Cursor {
  return { createdAt: Date.parse(createdAt), id, appid }
}

export function toAfter(cursor: Cursor | undefined, appid: string): Pick<PushFilter, 'after'> {
  if (!cursor) return {}
  const { createdAt, id } = cursor
  // Pushes of one moment with one id come in the order of their accounts, the last one first.
  return { after: { createdAt, id, isIncluded: appid < cursor.appid } }
}

async function findRecorded(account: PushPageDeps, filter: PushFilter, limit: number): Promise<PushRow[]> {
  const filters = await toUserFilters(account, filter)
  const lists = filters.map((one) => collect(account.pushes.history({ ...one, limit })))
  return (await Promise.all(lists)).flat().sort(compareRows).slice(0, limit)
}

async function collect(rows: AsyncIterable<PushRow>): Promise<PushRow[]> {
  const collected: PushRow[] = []
  for await (const row of rows) collected.push(row)
  return collected
}

/** The queue is not in this order, so it is read as a whole; no more than some pages of it are kept. */
async function findQueued(account: PushPageDeps, filter: PushFilter, limit: number): Promise<PushRow[]> {
  const { after, openid, msgid, ...rest } = filter
  const unionids = (await toUserFilters(account, filter)).flatMap(({ unionid }) => unionid ?? [])
  let found: PushRow[] = []
  for await (const row of account.queued.list(rest)) {
    const isWanted =
      (rest.until === undefined || row.createdAt < rest.until) &&
      (msgid === undefined || row.msgid === msgid) &&
      (openid === undefined || row.openid === openid || unionids.includes(row.unionid ?? '')) &&
      (after === undefined || isBehind(row, after))
    if (isWanted && found.push(row) >= 4 * limit) found = found.sort(compareRows).slice(0, limit)
  }
  const distinct = new Map(found.map((row) => [row.id, row]))
  return [...distinct.values()].sort(compareRows).slice(0, limit)
}

function isBehind(row: Cursor, { createdAt, id, isIncluded }: NonNullable<PushFilter['after']>): boolean {
  const order = row.createdAt - createdAt || compareText(row.id, id)
  return order < 0 || (order === 0 && isIncluded)
}

/** Newest first. */
export function compareRows(a: Cursor, b: Cursor): number {
  return b.createdAt - a.createdAt || compareText(b.id, a.id) || compareText(b.appid, a.appid)
}

/** As the databases do: by UTF-8 bytes. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

async function loadRecipientPage(
  accounts: readonly PushPageDeps[],
  { broadcast = '', ...filter }: HistoryFilter,
  { limit, cursor }: PageOptions,
): Promise<PushPage> {
  const items: PushRecord[] = []
  // The order of sending is fixed, so that the last one shown marks the place whatever has become of the others.
  let isBehindCursor = cursor === undefined
  for await (const record of listRecipients(accounts, broadcast, filter)) {
    if (isBehindCursor && items.push(record) > limit) break
    isBehindCursor ||= record.id === cursor?.id
  }
  const last = items[limit - 1]
  const next =
    items.length > limit && last ? toCursor({ createdAt: 0, id: last.id, appid: last.appid }) : null
  return { items: items.slice(0, limit), next }
}
