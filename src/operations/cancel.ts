import * as z from 'zod'
import type { AccountName } from '../base/accounts/accountName.ts'
import { cancelled, type PushRows } from '../db/pushes.ts'
import { cancelAnswerSchema } from '../push/controlClient.ts'
import type { CancelAnswer } from '../push/pushAnswers.ts'
import { findWay, toEnd } from './accounts/way.ts'
import type { QueuedPushes } from './queuedPushes.ts'
import { findPush } from './show.ts'

export const cancelOutputSchema = z.strictObject({ id: z.string(), status: cancelAnswerSchema })
type CancelOutput = z.infer<typeof cancelOutputSchema>

interface CancelDeps {
  pushes: Pick<PushRows, 'cancel' | 'find' | 'add'>
  queued: Pick<QueuedPushes, 'find' | 'dismiss'>
}

/**
 * Takes back a push that is not sent yet. Its record decides: no worker calls WeChat before it has written that it will,
 * and none can write that over the end of a push. Rejects with QueueUnavailableError.
 */
export async function cancelPush(deps: CancelDeps, id: string): Promise<CancelOutput> {
  return { id, status: await cancel(deps, id) }
}

/** The same in whichever account has it, and by name which that is. Rejects with AmbiguousPushError too. */
export async function cancelAmong(
  accounts: readonly (AccountName & CancelDeps)[],
  id: string,
): Promise<{ answer: CancelOutput; account: string | undefined }> {
  const [only, ...others] = accounts
  const account = only && others.length === 0 ? only : await findOwner()
  const answer: CancelOutput = account ? await cancelPush(account, id) : { id, status: 'not_found' }
  return { answer, account: account?.name }

  async function findOwner() {
    const way = await findWay(accounts, id, (account) => findPush(account, id))
    return way && accounts.find(({ appid }) => appid === toEnd(way).appid)
  }
}

async function cancel({ pushes, queued }: CancelDeps, id: string): Promise<CancelAnswer> {
  const answer = await cancelRecorded()
  if (answer) return answer
  const row = await queued.find(id)
  // It may have got its record since.
  if (!row) return (await cancelRecorded()) ?? 'not_found'
  if (!(await pushes.add({ ...row, ...cancelled, finishedAt: Date.now() }))) {
    return (await cancelRecorded()) ?? 'not_found'
  }
  // Only for tidiness: a worker would find out at its time.
  await queued.dismiss(id).catch(() => {})
  return 'cancelled'

  async function cancelRecorded(): Promise<CancelAnswer | undefined> {
    if (await pushes.cancel(id, Date.now())) return 'cancelled'
    const row = await pushes.find(id)
    if (!row) return undefined
    return row.status === cancelled.status && row.reason === cancelled.reason ? 'cancelled' : 'too_late'
  }
}
