import { say } from '../../base/sentences/sentence.ts'
import { listPushesOf } from '../../operations/history.ts'
import { isPushStatus, pushStatuses } from '../../push/status.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand, toCount, toExpected } from '../command.ts'
import { createRecordLine } from '../recordText.ts'
import { parseSince } from '../since.ts'
import { inWords, toPlural } from '../text/phrase.ts'

export const historyCommand = defineCommand({
  name: 'history',
  description: 'history',
  args: {
    unionid: { type: 'string', description: 'history.unionid' },
    status: { type: 'string', description: 'history.status' },
    template: { type: 'string', valueHint: 'id', description: 'history.template' },
    broadcast: {
      type: 'string',
      valueHint: 'id',
      description: 'history.broadcast',
    },
    since: { type: 'string', valueHint: 'time', description: 'list.since' },
    limit: { type: 'string', valueHint: 'count', description: 'list.limit' },
    ...accountsArg,
  },
  examples: [
    ['unionpush history --unionid o6_bmjrPTlm6_2sgVt7hMZOPfL2M --since 3d', 'history.example.user'],
    ['unionpush history --status queued', 'history.example.queued'],
    ['unionpush history --json > history.jsonl', 'history.example.everything'],
    ['unionpush history --broadcast b1 --status rejected', 'history.example.unreached'],
  ],
  run({ unionid, status, template, broadcast, since, limit, account }, out) {
    if (status !== undefined && !isPushStatus(status)) {
      throw toExpected('status', say('expected.oneOf', { names: pushStatuses.join(', ') }), status)
    }
    const filter = {
      unionid,
      status,
      templateId: template,
      broadcast,
      limit: limit === undefined ? undefined : toCount('limit', limit, 1),
    }
    return withAccounts(out, account, async ({ accounts, config: { timezone } }) => {
      const from = since === undefined ? undefined : parseSince(since, timezone)
      const records = listPushesOf(accounts, { ...filter, since: from })
      const count = await out.printAll(records, createRecordLine(timezone, accounts.length))
      out.remark(inWords(toPlural('push', count)))
      return 0
    })
  },
})
