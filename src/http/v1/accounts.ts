import { type AccountName, findAccount, toNames } from '../../base/accounts/accountName.ts'
import type { AtLeastOne } from '../../base/accounts/accountsSchema.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { Stores } from '../../db/stores.ts'
import type { CreateOnceDeps } from '../../operations/broadcasts/createOnce.ts'
import type { cancelAmong } from '../../operations/cancel.ts'
import type { enqueue } from '../../operations/enqueue/enqueue.ts'
import type { findMiniprogramUser } from '../../operations/listing/miniprogramUser.ts'
import type { loadPushPage } from '../../operations/listing/pushPage.ts'
import type { lookupAmong } from '../../operations/lookup.ts'
import type { createOverview } from '../../operations/monitoring/overview.ts'
import type { pauseAccount } from '../../operations/pauses/pause.ts'
import type { resumeTemplate } from '../../operations/pauses/resumeTemplate.ts'
import type { loadFinished } from '../../operations/reports/changes.ts'
import type { loadOutcomes } from '../../operations/reports/outcomes.ts'
import type { retryFailed } from '../../operations/retry.ts'
import type { findPushAmong } from '../../operations/show.ts'
import type { loadStatus } from '../../operations/status.ts'
import type { beginSync } from '../../operations/sync.ts'
import type { listTemplates } from '../../operations/templates.ts'
import { ProblemError } from './problems/problem.ts'

type Among<F extends (accounts: never, ...more: never[]) => unknown> =
  Parameters<F>[0] extends readonly (infer A)[] ? A : never
type Of<F extends (account: never, ...more: never[]) => unknown> = Parameters<F>[0]

/** What the API needs of a service account: all that its operations need. */
export type ApiAccount = AccountName & { runtime: { database: Pick<Stores, 'audit'> } } & Among<
    typeof cancelAmong
  > &
  Among<typeof enqueue> &
  Among<typeof loadOutcomes> &
  Among<typeof loadFinished> &
  Among<typeof loadPushPage> &
  Among<typeof lookupAmong> &
  Among<typeof retryFailed> &
  Among<typeof findPushAmong> &
  Among<typeof findMiniprogramUser> &
  Among<ReturnType<typeof createOverview>> &
  Among<typeof loadStatus> &
  CreateOnceDeps &
  Of<typeof pauseAccount> &
  Of<typeof resumeTemplate> &
  Of<typeof beginSync> &
  Of<typeof listTemplates>

/** Those that a parameter means; without one all. @throws ProblemError */
export function chooseAccounts<T extends AccountName>(
  accounts: readonly T[],
  word: string | undefined,
): AtLeastOne<T> {
  const [first, ...others] = word === undefined ? accounts : [findOne(accounts, word)]
  if (!first) throw new ProblemError(503, say('http.busy', { why: say('busy.noAccount') }))
  return [first, ...others]
}

/** What the audit says of them, by name: the only one, or the one that was asked for. */
export function toAuditAccount(accounts: readonly AccountName[], word: unknown): string | undefined {
  const [only, ...others] = accounts
  if (only && others.length === 0) return only.name
  return typeof word === 'string' ? findAccount(accounts, word)?.name : undefined
}

/** The one that is meant; without a word the only one. @throws ProblemError */
export function chooseOneAccount<T extends AccountName>(accounts: readonly T[], word: string | undefined): T {
  const [first, ...others] = chooseAccounts(accounts, word)
  if (others.length === 0) return first
  const names = toNames(accounts)
  throw new ProblemError(400, say('http.account_missing', { names }), {
    errors: [{ pointer: '/account', message: say('expected.oneOf', { names }) }],
  })
}

function findOne<T extends AccountName>(accounts: readonly T[], word: string): T {
  const found = findAccount(accounts, word)
  if (found) return found
  const names = toNames(accounts)
  throw new ProblemError(400, say('http.account_unknown', { account: word, names }), {
    errors: [{ pointer: '/account', message: say('expected.oneOf', { names }) }],
  })
}
