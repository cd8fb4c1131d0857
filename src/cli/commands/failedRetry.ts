import type { Account } from '../../account.ts'
import { say } from '../../base/sentences/sentence.ts'
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
import { formatCount } from '../format.ts'
import type { Output } from '../output.ts'
import { join, phrase, toPlural } from '../text/phrase.ts'

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
    const total = [...counts.values()].reduce((sum, n) => sum + n, 0)
    const facts = { count: toPlural('push', total), reasons: lines.join(', ') }
    const sentence = say('retry.all', facts)
    if (out.json || !canConfirm()) {
      throw new UsageError(say('usage.narrow', { sentence }))
    }
    if (!(await confirm(phrase('retry.ask', { sentence })))) {
      out.remark(phrase('retry.nothing'))
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
  const pushes = left.map(({ id, status }) =>
    status === undefined ? say('retry.unknown', { id }) : say('retry.is', { id, status }),
  )
  // A program is told too: its answer says how many there were, not which ones were left.
  process.stderr.write(`unionpush failed: ${phrase('retry.left', { pushes: join(pushes) })}\n`)
  return 1
}

async function print(answer: RetryOutput, { dryRun = false }: RetryInput, out: Output): Promise<void> {
  await out.print(answer, ({ retried }) =>
    phrase(dryRun ? 'retry.would' : 'retry.done', { count: toPlural('push', retried) }),
  )
}
