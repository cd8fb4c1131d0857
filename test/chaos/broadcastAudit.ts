import { sentStatuses } from './receiptAudit.ts'

/** What was written down independently of each other about the recipients of one broadcast. */
export interface BroadcastBooks {
  /** Lines, each another person. */
  asked: number
  status: string
  selected: number
  rows: readonly { tag: string; status: string | null; reason: string | null; msgid: string | null }[]
  /** What the kept counts say. */
  counted: Readonly<Record<string, number>>
  /** What WeChat accepted of it. */
  accepted: readonly { pushId: string; openid: string; clientMsgId: string | undefined; msgid: string }[]
}

/** Nobody twice, nobody left out, and the sum adds up; one sentence for each that does not. */
export function auditBroadcast(books: BroadcastBooks): string[] {
  const { asked, selected, rows, counted, status } = books
  const faults: string[] = []
  if (selected !== asked) faults.push(`${selected} selected of ${asked} lines`)
  if (rows.length !== asked) faults.push(`${rows.length} recipients on record of ${asked} lines`)
  const ended = Object.values(counted).reduce((sum, n) => sum + n, 0)
  const open = rows.filter((row) => row.status === null).length
  if (ended + open !== selected) faults.push(`${ended} outcomes and ${open} without one are not ${selected}`)
  if (open > 0 && status !== 'cancelled') faults.push(`it is ${status}, and ${open} have no outcome`)
  for (const [name, n] of Object.entries(counted)) {
    const found = rows.filter((row) => row.status === name).length
    if (found !== n) faults.push(`${n} are counted as ${name}, ${found} are on record`)
  }
  const known = new Set(rows.map(({ tag }) => tag))
  faults.push(
    ...books.accepted
      .filter(({ pushId }) => !known.has(pushId))
      .map(({ pushId }) => `${pushId} was sent to, and is no recipient`),
    ...rows.flatMap((row) => findRecipientFaults(row, books).map((fault) => `${row.tag}: ${fault}`)),
  )
  return faults.map((fault) => `broadcast: ${fault}`)
}

function findRecipientFaults(
  { tag, status, reason, msgid }: BroadcastBooks['rows'][number],
  books: BroadcastBooks,
): string[] {
  const accepted = books.accepted.filter(({ pushId }) => pushId === tag)
  const faults: string[] = []
  // As of a push whose outcome nobody can know: the window in which WeChat knows it again may be over.
  if (accepted.length > 1 && status !== 'unknown')
    faults.push(`accepted ${accepted.length} times, ends as ${status}`)
  if (new Set(accepted.map(({ clientMsgId }) => clientMsgId)).size > 1)
    faults.push('sent with several client_msg_ids')
  if (status !== null && sentStatuses.includes(status)) {
    if (!accepted.some((message) => message.msgid === msgid))
      faults.push(`${status} with a msgid that WeChat did not give`)
  } else if (status !== 'unknown' && accepted.length > 0) {
    faults.push(`ends as ${status} (${reason}), and WeChat accepted it`)
  } else if (status === 'unknown' && reason !== 'ambiguous') faults.push(`unknown because of ${reason}`)
  return faults
}
