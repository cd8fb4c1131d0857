import type { Account } from '../../account.ts'
import type { PushFilter, PushRow } from '../../db/sqlite/pushes.ts'
import { resend } from '../../operations/resend.ts'
import { toPush } from '../../sending/pushRow.ts'
import { UsageError } from '../args.ts'
import { canConfirm, confirm } from '../confirm.ts'
import { formatCount, formatPlural } from '../format.ts'
import type { Output } from '../output.ts'
import { countByReason, isRetriable, listFailed } from './failedPushes.ts'

interface RetryOptions {
  /** Only say how many. */
  isDryRun: boolean
  out: Output
}

type RetryApp = Pick<Account, 'pushes' | 'openQueue'>

export async function retryFailed(app: RetryApp, filter: PushFilter, options: RetryOptions): Promise<number> {
  return retry(app, listFailed(app.pushes, filter), options)
}

/** Without any narrowing: a person is asked, a program has to say that it means it. */
export async function retryAllFailed(app: RetryApp, out: Output): Promise<number> {
  const counts = await countByReason(listFailed(app.pushes, {}))
  if (counts.size > 0) {
    const lines = [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([reason, n]) => `${reason} ${formatCount(n)}`)
    const total = formatPlural(
      [...counts.values()].reduce((sum, n) => sum + n, 0),
      'push',
      'pushes',
    )
    const sentence = `failed retry without narrowing sends ${total} again (${lines.join(', ')})`
    if (out.json || !canConfirm()) {
      throw new UsageError(
        `${sentence}: narrow it with ids, --reason, --since, --until, --template, --unionid or --limit, or say --yes`,
      )
    }
    if (!(await confirm(`${sentence}. Do it?`))) {
      out.remark('Nothing was sent again')
      return 1
    }
  }
  return retryFailed(app, {}, { isDryRun: false, out })
}

/** Exit code 1 when one of them is not there to be sent again. */
export async function retryNamed(app: RetryApp, ids: string[], options: RetryOptions): Promise<number> {
  const rows: PushRow[] = []
  const left: string[] = []
  for (const id of new Set(ids)) {
    const row = await app.pushes.find(id)
    if (row && isRetriable(row)) rows.push(row)
    else left.push(`${id} ${row ? `is ${row.status}` : 'is not known'}`)
  }
  await retry(app, rows, options)
  if (left.length > 0) options.out.remark(`Not sent again: ${left.join(', ')}`)
  return left.length > 0 ? 1 : 0
}

async function retry(
  { pushes, openQueue }: RetryApp,
  rows: Iterable<PushRow> | AsyncIterable<PushRow>,
  { isDryRun, out }: RetryOptions,
): Promise<number> {
  const retried = isDryRun ? await count(rows) : await resend({ queue: openQueue(), pushes }, rows)
  const end = isDryRun ? 'would be queued again' : 'queued again'
  await out.print({ retried }, () => `${formatPlural(retried, 'push', 'pushes')} ${end}`)
  return 0
}

async function count(rows: Iterable<PushRow> | AsyncIterable<PushRow>): Promise<number> {
  let total = 0
  for await (const row of rows) if (toPush(row)) total += 1
  return total
}
