import type { AccountName } from '../../base/accounts/accountName.ts'
import { AmbiguousPushError } from '../../push/ambiguousPush.ts'
import type { PushRecord } from '../../push/record.ts'

/** The records of one push in the accounts that it was offered to, in that order: the last one tells how far it is. */
export type Way = readonly [PushRecord, ...PushRecord[]]

/**
 * Looks for a push in all accounts; undefined = none of them knows it. What an account answers although it may know the
 * push all the same rejects unless another one knows it. Rejects with AmbiguousPushError when accounts have pushes with
 * this id that have nothing to do with each other.
 */
export async function findWay<A extends AccountName>(
  accounts: readonly A[],
  id: string,
  find: (account: A) => Promise<PushRecord | undefined>,
): Promise<Way | undefined> {
  const looks = await Promise.allSettled(accounts.map(find))
  const records = looks.flatMap((look) => (look.status === 'fulfilled' && look.value ? [look.value] : []))
  const [way, ...others] = toWays(records)
  if (others.length > 0) {
    throw new AmbiguousPushError(
      id,
      records.map(({ account, appid }) => ({ name: account, appid })),
    )
  }
  const failed = looks.find((look) => look.status === 'rejected')
  if (!way && failed) throw failed.reason
  return way
}

export function toEnd(way: Way): PushRecord {
  return way.at(-1) ?? way[0]
}

function toWays(records: readonly PushRecord[]): Way[] {
  const isNext = (record: PushRecord, from: PushRecord) =>
    from.next === record.account || from.next === record.appid
  const starts = records.filter((record) => !records.some((from) => isNext(record, from)))
  // Two lists with the same id in another order may lead to each other.
  const [first] = records
  return (starts.length === 0 && first ? [first] : starts).map((start) => {
    const way: [PushRecord, ...PushRecord[]] = [start]
    for (let last: PushRecord | undefined = start; last; ) {
      const from: PushRecord = last
      last = records.find((record) => isNext(record, from) && !way.includes(record))
      if (last) way.push(last)
    }
    return way
  })
}
