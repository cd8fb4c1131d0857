import type { AccountName } from '../../base/accounts/accountName.ts'
import { AmbiguousPushError } from '../../push/ambiguousPush.ts'

/**
 * Looks for a push in all accounts; undefined = none of them has it. What an account answers although it may have the push
 * all the same, as when its queue cannot be asked, rejects unless another one has it. Rejects with AmbiguousPushError.
 */
export async function findAmong<A extends AccountName, T>(
  accounts: readonly A[],
  id: string,
  find: (account: A) => Promise<T | undefined>,
): Promise<{ account: A; found: T } | undefined> {
  const looks = await Promise.allSettled(accounts.map(find))
  const hits = looks.flatMap((look, i) => {
    const account = accounts[i]
    if (look.status === 'rejected' || look.value === undefined || !account) return []
    return [{ account, found: look.value }]
  })
  const [hit, ...others] = hits
  if (others.length > 0) {
    throw new AmbiguousPushError(
      id,
      hits.map(({ account }) => account),
    )
  }
  const failed = looks.find((look) => look.status === 'rejected')
  if (!hit && failed) throw failed.reason
  return hit
}
