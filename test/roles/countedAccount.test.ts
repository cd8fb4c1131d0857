import { expect, test } from 'vitest'
import type { Account } from '../../src/account.ts'
import type { AccountCounts } from '../../src/base/monitoring/metrics.ts'
import { countAccount } from '../../src/roles/countedAccount.ts'

test('a push that is held is passed on with the accounts that it may go to as well, and counted if it is', async () => {
  const asked: unknown[][] = []
  const answers = [true, false]
  const held = {
    async hold(...args: unknown[]) {
      asked.push(args)
      return answers.shift()
    },
  }
  const reached: unknown[] = []
  const counts: Partial<AccountCounts> = { pushReached: (...what) => void reached.push(what) }
  const parts = { pushes: {}, broadcasts: {}, api: {}, held }
  const counted = countAccount(parts as unknown as Account, counts as AccountCounts)
  const push = { id: 'p' } as Parameters<Account['held']['hold']>[0]

  expect(await counted.held.hold(push, ['wx2', 'wx3'])).toBe(true)
  expect(await counted.held.hold(push)).toBe(false)
  expect(asked).toEqual([[push, ['wx2', 'wx3']], [push]])
  expect(reached).toEqual([['queued', 'hold']])
})
