import type { Account } from '../../account.ts'
import { countFailed } from '../../operations/failed.ts'
import {
  type RetryInput,
  type RetryNamedInput,
  type RetryOutput,
  retryFailed,
  retryNamed,
} from '../../operations/retry.ts'
import { UsageError } from '../args.ts'
import { canConfirm, confirm } from '../confirm.ts'
import { formatCount, formatPlural } from '../format.ts'
import type { Output } from '../output.ts'

type RetryAccounts = readonly Pick<Account, 'name' | 'appid' | 'pushes' | 'followers' | 'openQueue'>[]

export async function retryNarrowed(
  accounts: RetryAccounts,
  input: RetryInput,
  out: Output,
): Promise<number> {
  await print(await retryFailed(accounts, input), input, out)
  return 0
}

/** Without any narrowing: a person is asked, a program has to say that it means it. */
export async function retryAll(accounts: RetryAccounts, out: Output): Promise<number> {
  const counts = await countFailed(accounts, {})
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
  return retryNarrowed(accounts, {}, out)
}

/** Exit code 1 when one of them is not there to be sent again. */
export async function retryIds(
  accounts: RetryAccounts,
  input: RetryNamedInput,
  out: Output,
): Promise<number> {
  const { answer, left } = await retryNamed(accounts, input)
  await print(answer, input, out)
  if (left.length === 0) return 0
  const lines = left.map(
    ({ id, status }) => `${id} ${status === undefined ? 'is not known' : `is ${status}`}`,
  )
  out.remark(`Not sent again: ${lines.join(', ')}`)
  return 1
}

async function print(answer: RetryOutput, { dryRun = false }: RetryInput, out: Output): Promise<void> {
  const end = dryRun ? 'would be queued again' : 'queued again'
  await out.print(answer, ({ retried }) => `${formatPlural(retried, 'push', 'pushes')} ${end}`)
}
