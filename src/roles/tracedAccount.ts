import type { Account } from '../account.ts'
import { findTracing, type Tracing } from '../base/monitoring/tracing.ts'
import type { PushRow, PushRows } from '../db/pushes.ts'

/** The same account, whose sends are spans, and whose pushes keep their trace for the receipt, if anything is traced. */
export function traceAccount(account: Account): Account {
  const tracing = findTracing()
  if (tracing === undefined) return account
  const { api, pushes, name } = account
  return {
    ...account,
    pushes: keepTraces(pushes, tracing),
    api: {
      ...api,
      sendTemplate: (message, signal) =>
        tracing.span('template/send', { 'unionpush.account': name }, () => api.sendTemplate(message, signal)),
    },
  }
}

function keepTraces(pushes: PushRows, tracing: Tracing): PushRows {
  const withTrace = (row: PushRow) => addTrace(row, tracing.traceparent())
  return {
    ...pushes,
    add: (row) => pushes.add(withTrace(row)),
    record: (row) => pushes.record(withTrace(row)),
  }
}

/** The message is JSON, of which a reader takes what it knows. */
function addTrace(row: PushRow, traceparent: string | undefined): PushRow {
  if (traceparent === undefined || !row.message.endsWith('}') || findTraceparent(row) !== undefined)
    return row
  return { ...row, message: `${row.message.slice(0, -1)},"traceparent":"${traceparent}"}` }
}

/** The trace that the push was sent in; undefined = nobody traced it. */
function findTraceparent({ message }: Pick<PushRow, 'message'>): string | undefined {
  return /,"traceparent":"([0-9a-f-]{55})"\}$/.exec(message)?.[1]
}

/** The last step of a trace, by what the receipt says. */
export async function traceReceipt(
  tracing: Tracing,
  pushes: Pick<PushRows, 'find'>,
  { id, status, reason }: { id: string; status: string; reason: string | null },
): Promise<void> {
  const row = await pushes.find(id)
  const traceparent = row && findTraceparent(row)
  if (traceparent === undefined) return
  tracing.event('receipt', traceparent, {
    'unionpush.status': status,
    ...(reason !== null && { 'unionpush.reason': reason }),
  })
}
