import type { AtLeastOne } from '../../base/accounts/accountsSchema.ts'
import { mergeNewest } from '../accounts/mergeNewest.ts'
import { type Broadcast, type BroadcastDeps, listBroadcasts } from './broadcasts.ts'

/** Of the account that has the broadcast; of the first one, which says so, when none has it. */
export async function findBroadcastOwner<Deps extends BroadcastDeps>(
  [first, ...others]: AtLeastOne<Deps>,
  id: string,
): Promise<Deps> {
  for (const account of [first, ...others]) {
    if (await account.broadcasts.find(id)) return account
  }
  return first
}

/** Those of all accounts, newest first. */
export async function listBroadcastsAmong(
  accounts: readonly BroadcastDeps[],
  limit: number,
): Promise<Broadcast[]> {
  const lists = accounts.map(async function* (deps) {
    yield* await listBroadcasts(deps, limit)
  })
  const newest: Broadcast[] = []
  for await (const broadcast of mergeNewest(lists, limit)) newest.push(broadcast)
  return newest
}
