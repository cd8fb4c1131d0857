import type { Arrival } from './arrivals.ts'
import type { Told } from './caller.ts'
import type { Row } from './database.ts'
import { findReceiptFaults, type Receipt, sentStatuses } from './receiptAudit.ts'

/** What was written down independently of each other about the same pushes. */
export interface Books {
  /** What the caller asked for and was told; `openid` is undefined for somebody nobody knows. */
  caller: readonly { id: string; openid: string | undefined; told: readonly Told[] }[]
  /** What WeChat accepted. */
  accepted: readonly { pushId: string; openid: string; clientMsgId: string | undefined; msgid: string }[]
  /** What WeChat posted about messages it had accepted. */
  receipts: readonly Receipt[]
  /** Every call that reached WeChat. */
  arrivals: readonly Arrival[]
  /** What `pushes` says. */
  rows: readonly Row[]
  /** Jobs in the queue when everything should have drained. */
  jobsLeft: number
  /** Pushes whose records were in a database that was replaced by an older copy. */
  lost: ReadonlySet<string>
  /** Pushes that waited in a Redis that wrote nothing down. */
  forgotten: ReadonlySet<string>
  /** msgids whose receipts may have been in a database that was replaced by an older copy. */
  lostReceipts: ReadonlySet<string>
  /** How many calls a push had made when its record was first seen to be final. */
  settled: ReadonlyMap<string, number>
  /** How often jobs may have lost their locks while their worker lived, so that two workers tried the same pushes. */
  lostLocks: number
  /** How often a try may have been begun that never reached WeChat: kills, cut connections. */
  mishaps: number
  /** PUSH_ATTEMPTS. */
  maxAttempts: number
}

/** Refusals that speak of pace, quota, token or account, not of the push: they cost no try. */
const costless = new Set([45011, 45009, 40001, 40014, 42001, 40164])
/** What may speak of all pushes or of this one, as no answer does: it costs a try when others pass. */
const ambiguous = new Set([undefined, -1, 20001, 48001, 50002, 40013])
const finalStatuses = [...sentStatuses, 'rejected', 'skipped', 'unknown']

/** Where the books contradict each other or the promises; one sentence for each. */
export function audit(books: Books): string[] {
  const { jobsLeft } = books
  return [
    ...(jobsLeft > 0 ? [`${jobsLeft} jobs are left in the queue`] : []),
    ...findStrangers(books),
    ...books.caller.flatMap(({ id, openid, told }) => {
      const push = {
        id,
        openid,
        isQueued: told.includes('queued') || told.includes('duplicate'),
        rows: books.rows.filter((row) => row.id === id),
        accepted: books.accepted.filter(({ pushId }) => pushId === id),
        arrivals: books.arrivals.filter(({ pushId }) => pushId === id),
        isLost: books.lost.has(id),
        isForgotten: books.forgotten.has(id),
      }
      return [
        ...findRecordFaults(push),
        ...findDoubles(push),
        ...findLateCalls(push, books),
        ...findFalseRecords(push),
        ...findReceiptFaults(push.rows[0], books),
        ...findWrongAttempts(push, books),
      ].map((fault) => `${id}: ${fault}`)
    }),
  ]
}

interface Push {
  id: string
  openid: string | undefined
  isQueued: boolean
  rows: readonly Row[]
  accepted: Books['accepted']
  arrivals: readonly Arrival[]
  isLost: boolean
  isForgotten: boolean
}

/** Nothing is sent or recorded that nobody asked for. */
function findStrangers({ caller, accepted, rows }: Books): string[] {
  const asked = new Set(caller.map(({ id }) => id))
  return [
    ...accepted
      .filter(({ pushId }) => !asked.has(pushId))
      .map(({ msgid }) => `message ${msgid} was asked for by nobody`),
    ...rows.filter(({ id }) => !asked.has(id)).map(({ id }) => `record ${id} was asked for by nobody`),
  ]
}

/** What the caller was told is queued has exactly one record, and that one is final. */
function findRecordFaults({ isQueued, rows, accepted, isLost, isForgotten }: Push): string[] {
  if (rows.length > 1) return [`${rows.length} records`]
  // Of a push that ended in the file that is gone, the older one has nothing, or a state that nobody will end.
  if (isLost || isForgotten) return []
  const [row] = rows
  if (row) {
    return finalStatuses.includes(row.status) && row.finished_at !== null
      ? []
      : [`its record says ${row.status}, which is not final`]
  }
  if (isQueued) return ['the caller was told it is queued, and there is no record']
  return accepted.length > 0 ? ['it was sent, and there is no record'] : []
}

/** Nobody gets a message twice, and all tries of a message look like one to WeChat. */
function findDoubles({ openid, rows, accepted }: Push): string[] {
  const status = rows[0]?.status
  const faults: string[] = []
  if (accepted.length > 1 && status !== 'unknown')
    faults.push(`accepted ${accepted.length} times, and its record says ${status}`)
  if (new Set(accepted.map(({ clientMsgId }) => clientMsgId)).size > 1)
    faults.push('sent with several client_msg_ids')
  if (accepted.some((message) => message.clientMsgId === undefined))
    faults.push('sent without a client_msg_id')
  if (accepted.some((message) => message.openid !== openid)) faults.push('sent to somebody else')
  return faults
}

/** A push that has come to an end is not sent again. */
function findLateCalls({ id, arrivals, isLost }: Push, { settled, lostLocks }: Books): string[] {
  const late = arrivals.length - (settled.get(id) ?? arrivals.length)
  return late > lostLocks && !isLost ? [`called ${late} times after its final record`] : []
}

/** The record says what became of the push. */
function findFalseRecords({ openid, rows, accepted, arrivals }: Push): string[] {
  const [row] = rows
  if (!row) return []
  const { status, reason, msgid, errcode } = row
  switch (status) {
    case 'sent':
    case 'delivered':
    case 'undelivered':
      return accepted.some((message) => message.msgid === msgid)
        ? []
        : [
            `${status} with msgid ${msgid}, but WeChat gave ${accepted.map((m) => m.msgid).join(', ') || 'none'}`,
          ]
    case 'skipped':
      if (openid !== undefined) return [`skipped (${reason}), although the user can be reached`]
      return arrivals.length > 0 ? ['skipped, but WeChat was called'] : []
    case 'unknown':
      return reason === 'ambiguous' ? [] : [`unknown because of ${reason}`]
    case 'rejected':
      if (accepted.length > 0) return [`rejected (${reason}), but WeChat accepted it`]
      return errcode === null || arrivals.some((arrival) => arrival.errcode === errcode)
        ? []
        : [`rejected with errcode ${errcode}, which WeChat did not say`]
    default:
      return []
  }
}

/** A try is on record for each call that may have been one, and for no other but those that a mishap cut short. */
function findWrongAttempts(
  { rows, arrivals, isLost }: Push,
  { maxAttempts, mishaps, lostLocks }: Books,
): string[] {
  const [row] = rows
  if (!row) return []
  const calls = arrivals.filter(({ errcode }) => errcode === undefined || !costless.has(errcode))
  const certain = calls.filter(({ errcode }) => !ambiguous.has(errcode)).length
  const doubt = mishaps + lostLocks
  const { attempts, status, reason } = row
  const faults: string[] = []
  const isWrong = attempts > calls.length + doubt || (attempts + doubt < certain && !isLost)
  if (isWrong) faults.push(`${attempts} tries on record for ${calls.length} calls, ${doubt} in doubt`)
  if (attempts > maxAttempts) faults.push(`${attempts} tries, allowed are ${maxAttempts}`)
  if (reason === 'retries_exhausted' && attempts < maxAttempts)
    faults.push(`given up after ${attempts} tries`)
  if (sentStatuses.includes(status) && attempts < 1) faults.push('sent without a try')
  return faults
}
