import type { AtLeastOne } from '../../base/accounts/accountsSchema.ts'
import { second } from '../../base/duration.ts'
import type { PushRows } from '../../db/pushes.ts'
import type { PushRecord } from '../../push/record.ts'
import { toPushRecord } from '../../push/toPushRecord.ts'
import { type Broadcast, type BroadcastDeps, listBroadcasts } from '../broadcasts/broadcasts.ts'
import { loadStatus, type Status } from '../status.ts'

type StatusAccount = Parameters<typeof loadStatus>[0][number]
export type ChangesAccount = StatusAccount & BroadcastDeps & { pushes: Pick<PushRows, 'findFinished'> }

/** What has changed. */
export type ChangeEvent =
  | { event: 'status'; data: Status }
  | { event: 'push'; data: PushRecord }
  | { event: 'broadcast'; data: Broadcast }

/** Receipts tell the time in whole seconds of another clock, and rows are there a moment after they ended. */
const slack = 5 * second
/** Of one status of one account; lists have the others. */
const mostPushes = 100
const mostBroadcasts = 20

/** Tells, each time it is called, what has changed since the last time; the first time what there is now. */
export function createChanges(accounts: () => readonly ChangesAccount[], now = Date.now) {
  const told = { status: '', broadcasts: new Map<string, string>(), pushes: new Map<string, number>() }
  let from = now()

  return async (): Promise<ChangeEvent[]> => {
    const [first, ...others] = accounts()
    if (!first) return []
    const all: AtLeastOne<ChangesAccount> = [first, ...others]
    const at = now()
    const [status, broadcasts, pushes] = await Promise.all([
      loadStatus(all),
      Promise.all(all.map((account) => listBroadcasts(account, mostBroadcasts))),
      loadFinished(all, from - slack),
    ])
    from = at
    return [...toStatusChange(status), ...toBroadcastChanges(broadcasts.flat()), ...toPushChanges(pushes)]
  }

  function toStatusChange(data: Status): ChangeEvent[] {
    const text = JSON.stringify(data)
    if (text === told.status) return []
    told.status = text
    return [{ event: 'status', data }]
  }

  function toBroadcastChanges(broadcasts: readonly Broadcast[]): ChangeEvent[] {
    const before = told.broadcasts
    const texts = broadcasts.map((data) => ({ data, text: JSON.stringify(data) }))
    told.broadcasts = new Map(texts.map(({ data: { id }, text }) => [id, text]))
    return texts
      .filter(({ data: { id }, text }) => before.get(id) !== text)
      .map(({ data }) => ({ event: 'broadcast', data }))
  }

  /** What ended within the slack comes again, and is told once for each change of its row. */
  function toPushChanges(records: readonly PushRecord[]): ChangeEvent[] {
    const before = told.pushes
    told.pushes = new Map(records.map(({ appid, id, seq }) => [`${appid} ${id}`, seq]))
    return records
      .filter(({ appid, id, seq }) => before.get(`${appid} ${id}`) !== seq)
      .map((data) => ({ event: 'push', data }))
  }
}

/** Pushes that ended since then, in that order. */
export async function loadFinished(accounts: readonly ChangesAccount[], from: number): Promise<PushRecord[]> {
  const lists = await Promise.all(
    accounts.map(async ({ name, pushes }) =>
      (await pushes.findFinished(from, mostPushes)).map((row) => toPushRecord(row, name)),
    ),
  )
  return lists.flat().sort((a, b) => ((a.finishedAt ?? '') < (b.finishedAt ?? '') ? -1 : 1))
}
