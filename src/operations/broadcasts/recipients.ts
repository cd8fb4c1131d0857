import { say } from '../../base/sentences/sentence.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { BroadcastRow } from '../../db/broadcasts/row.ts'
import type { PushFilter } from '../../db/pushes.ts'
import type { PushRecord } from '../../push/record.ts'
import { failedStatuses } from '../../push/status.ts'
import { toRecipientRecord } from '../../push/toRecipientRecord.ts'
import type { FailedFilter, HistoryFilter } from '../pushFilter.ts'
import { BroadcastError } from './broadcastError.ts'

export interface RecipientDeps {
  /** Of the account. */
  name: string
  /** Undefined where only pushes are asked for. */
  broadcasts?:
    | Pick<
        Broadcasts,
        'counts' | 'find' | 'findRecipient' | 'findUser' | 'findByMsgid' | 'list' | 'recipients'
      >
    | undefined
}

/** So many broadcasts, the newest, are looked through for what failed. */
const mostBroadcasts = 10_000

/** The record of one recipient, `<broadcast>:<openid or unionid>`. */
export async function findRecipientRecord(
  { name, broadcasts }: RecipientDeps,
  id: string,
): Promise<PushRecord | undefined> {
  const end = id.indexOf(':')
  const broadcast = end < 0 ? undefined : await broadcasts?.find(id.slice(0, end))
  const recipient = broadcast && (await broadcasts?.findRecipient(broadcast, id.slice(end + 1)))
  return recipient && toRecipientRecord(broadcast, recipient, name)
}

/** Recipients of a broadcast in the order of sending, however many. Rejects with BroadcastError when nobody knows it. */
export async function* listRecipients(
  accounts: readonly RecipientDeps[],
  id: string,
  filter: HistoryFilter,
): AsyncGenerator<PushRecord> {
  for (const account of accounts) {
    const broadcast = await account.broadcasts?.find(id)
    if (broadcast) return yield* listOf(account, broadcast, filter)
  }
  throw new BroadcastError('unknown_broadcast', say('broadcast.unknown', { id }))
}

async function* listOf(
  account: RecipientDeps,
  broadcast: BroadcastRow,
  { status, limit = Number.POSITIVE_INFINITY, ...filter }: HistoryFilter,
): AsyncGenerator<PushRecord> {
  if (!isAskedFor(broadcast, filter)) return
  let left = limit
  for await (const record of findRecords(account, broadcast, filter)) {
    if (status !== undefined && record.status !== status) continue
    yield record
    left -= 1
    if (left <= 0) return
  }
}

/** What one user, or one msgid, got by broadcasts, the newest first; nothing where no user and no msgid is asked for. */
export async function listUserRecipients(
  { name, broadcasts }: RecipientDeps,
  { unionid, openid, msgid, status, reason, ...filter }: PushFilter,
): Promise<PushRecord[]> {
  const key = unionid ?? openid
  if (!broadcasts || (key === undefined && msgid === undefined)) return []
  const found =
    msgid === undefined ? await broadcasts.findUser(key ?? '') : await broadcasts.findByMsgid(msgid)
  const ids = [...new Set(found.map(({ broadcast }) => broadcast))]
  const rows = new Map((await Promise.all(ids.map(broadcasts.find))).map((row) => [row?.id, row]))
  const records = found.flatMap((recipient) => {
    const broadcast = rows.get(recipient.broadcast)
    if (!broadcast || !isAskedFor(broadcast, filter)) return []
    const record = toRecipientRecord(broadcast, recipient, name)
    const isWanted =
      (status === undefined || record.status === status) &&
      (reason === undefined || record.reason === reason) &&
      (msgid === undefined || key === undefined || key === record.unionid || key === record.openid)
    return isWanted ? [record] : []
  })
  return records.sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
}

/** Recipients who should have got their message and did not, newest broadcast first. */
export async function* listFailedRecipients(
  account: RecipientDeps,
  { reason, ...filter }: FailedFilter,
): AsyncGenerator<PushRecord> {
  const { broadcasts } = account
  for (const broadcast of (await broadcasts?.list(mostBroadcasts)) ?? []) {
    if (!broadcasts || !isAskedFor(broadcast, filter)) continue
    const counts = (await broadcasts.counts(broadcast.no)).filter(
      (count) => count.total > 0 && failedStatuses.some((failed) => failed === count.status),
    )
    const reasons = new Set(counts.map((count) => count.reason ?? undefined))
    for (const failed of reasons) {
      if (reason !== undefined && failed !== reason) continue
      for await (const record of findRecords(account, broadcast, { ...filter, reason: failed })) {
        if (failedStatuses.some((status) => status === record.status)) yield record
      }
    }
  }
}

/** Those of one user or with one reason are found by index. */
async function* findRecords(
  { name, broadcasts }: RecipientDeps,
  broadcast: BroadcastRow,
  { unionid, reason }: Pick<HistoryFilter, 'unionid' | 'reason'>,
): AsyncGenerator<PushRecord> {
  if (!broadcasts) return
  if (unionid !== undefined) {
    const recipient = await broadcasts.findRecipient(broadcast, unionid)
    const record = recipient && toRecipientRecord(broadcast, recipient, name)
    if (record && (reason === undefined || record.reason === reason)) yield record
    return
  }
  for await (const recipient of broadcasts.recipients(broadcast.no, toStored(reason))) {
    const record = toRecipientRecord(broadcast, recipient, name)
    if (reason === undefined || record.reason === reason) yield record
  }
}

/** What a recipient without an outcome waits for, or was passed over for, is not on his row. */
function toStored(reason: HistoryFilter['reason']): HistoryFilter['reason'] {
  const derived: readonly HistoryFilter['reason'][] = ['retry', 'paused', 'hold', 'cancelled', 'expired']
  return derived.includes(reason) ? undefined : reason
}

function isAskedFor(
  { createdAt, templateId }: BroadcastRow,
  filter: Pick<HistoryFilter, 'since' | 'templateId' | 'until'>,
): boolean {
  return (
    createdAt >= (filter.since ?? 0) &&
    createdAt < (filter.until ?? Number.POSITIVE_INFINITY) &&
    (filter.templateId === undefined || filter.templateId === templateId)
  )
}
