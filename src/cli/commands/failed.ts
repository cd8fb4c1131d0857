import type { Account } from '../../account.ts'
import type { SharedConfig } from '../../base/config.ts'
import { say } from '../../base/sentences/sentence.ts'
import { listFailed } from '../../operations/failed.ts'
import type { FailedFilter } from '../../operations/pushFilter.ts'
import { failedStatuses, isPushReason, type PushReason, pushReasons } from '../../push/status.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { type Args, UsageError } from '../args.ts'
import { defineCommand, toCount, toExpected } from '../command.ts'
import type { Output } from '../output.ts'
import { createRecordLine } from '../recordText.ts'
import { parseSince } from '../since.ts'
import { phrase } from '../text/phrase.ts'
import { retryAll, retryIds, retryNarrowed } from './failedRetry.ts'

const args = {
  action: { type: 'positional', required: false, description: 'failed.action' },
  reason: { type: 'string', description: 'failed.reason' },
  unionid: { type: 'string', description: 'failed.unionid' },
  template: { type: 'string', valueHint: 'id', description: 'failed.template' },
  since: { type: 'string', valueHint: 'time', description: 'list.since' },
  until: { type: 'string', valueHint: 'time', description: 'failed.until' },
  limit: { type: 'string', valueHint: 'count', description: 'failed.limit' },
  ...accountsArg,
  'dry-run': { type: 'boolean', description: 'failed.dry-run' },
  yes: { type: 'boolean', description: 'failed.yes' },
} as const

type FailedArgs = Args<typeof args>

export const failedCommand = defineCommand({
  name: 'failed',
  description: 'failed',
  args,
  takesMore: true,
  examples: [
    ['unionpush failed', 'failed.example.list'],
    ['unionpush failed retry order-42 order-43', 'failed.example.retry'],
    ['unionpush failed retry --reason retries_exhausted --since 6h --dry-run', 'failed.example.count'],
    ['unionpush failed retry --reason retries_exhausted --since 6h', 'failed.example.reason'],
  ],
  run(given, out, ids) {
    const { action } = given
    if (action !== undefined && action !== 'retry') {
      const expected = say('usage.orNothing', { words: 'retry' })
      throw new UsageError(say('usage.unexpectedOf', { word: action, expected }))
    }
    const limit = given.limit === undefined ? undefined : toCount('limit', given.limit, 1)
    if (action !== 'retry') {
      if (given['dry-run'] || given.yes) {
        const command = 'failed retry'
        throw new UsageError(say('usage.bothGoWith', { first: 'dry-run', second: 'yes', command }))
      }
      return withAccounts(out, given.account, ({ accounts, config }) =>
        list(accounts, toFilter(given, limit, config), config, out),
      )
    }
    const { reason, unionid, template, since, until } = given
    const isNarrowed = [reason, unionid, template, since, until, limit].some((value) => value !== undefined)
    if (ids.length > 0 && isNarrowed) throw new UsageError(say('usage.idsAlone'))
    return withAccounts(out, given.account, ({ accounts, config }) => {
      const dryRun = given['dry-run']
      if (ids.length > 0) return retryIds(accounts, { ids, dryRun }, out)
      const isWanted = isNarrowed || given.yes || dryRun
      return isWanted
        ? retryNarrowed(accounts, { ...toFilter(given, limit, config), dryRun }, out)
        : retryAll(accounts, out)
    })
  },
})

async function list(
  accounts: readonly Account[],
  filter: FailedFilter,
  { timezone }: SharedConfig,
  out: Output,
): Promise<number> {
  const count = await out.printAll(listFailed(accounts, filter), createRecordLine(timezone, accounts.length))
  out.remark(count === 0 ? phrase('failed.none') : phrase('failed.some', { count }))
  return 0
}

function toReason(word: string | undefined): PushReason | undefined {
  if (word === undefined || isPushReason(word)) return word
  const known = failedStatuses.flatMap((status) => pushReasons[status])
  throw toExpected('reason', say('expected.oneOf', { names: known.join(', ') }), word)
}

function toFilter(
  { reason, unionid, template, since, until }: FailedArgs,
  limit: number | undefined,
  { timezone }: SharedConfig,
): FailedFilter {
  const now = Date.now()
  return {
    reason: toReason(reason),
    unionid,
    templateId: template,
    since: since === undefined ? undefined : parseSince(since, timezone, now),
    until: until === undefined ? undefined : parseSince(until, timezone, now, 'until'),
    limit,
  }
}
