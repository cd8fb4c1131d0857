import type { Account } from '../account.ts'
import type { SyncResult } from '../sync/syncFollowers.ts'
import type { Output } from './output.ts'

type SyncOptions = Pick<Parameters<Account['sync']>[0], 'full' | 'force' | 'signal'>

/** One follower sync, and on stderr how far it is. */
export async function syncWithProgress(
  account: Account,
  out: Output,
  label: string,
  options: SyncOptions,
): Promise<SyncResult> {
  const progress = out.createProgress(label)
  const show = ({ seen, total }: Pick<SyncResult, 'seen' | 'total'>) => progress.update(seen, total)
  try {
    const onWait = (sentence: string) => void process.stderr.write(`unionpush sync: ${sentence}\n`)
    const result = await account.sync({ ...options, onProgress: show, onWait })
    if (result.status === 'complete') show(result)
    return result
  } finally {
    progress.end()
  }
}
