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
  description: 'List pushes, newest first',
  args: {
    unionid: { type: 'string', description: 'to this user' },
    status: { type: 'string', description: 'queued, sent, rejected, skipped, ...' },
    template: { type: 'string', valueHint: 'id', description: 'of this template' },
    broadcast: {
      type: 'string',
      valueHint: 'id',
      description: 'recipients of this one, as they are sent to',
    },
    since: { type: 'string', valueHint: 'time', description: 'asked for since: 2h, 3d, 2026-11-20 15:01' },
    limit: { type: 'string', valueHint: 'count', description: 'at most so many; default all' },
    ...accountsArg,
  },
  examples: [
    [
      'unionpush history --unionid o6_bmjrPTlm6_2sgVt7hMZOPfL2M --since 3d',
      'what one user got in three days',
    ],
    ['unionpush history --status queued', 'what is still to be sent'],
    ['unionpush history --json > history.jsonl', 'all of it, one JSON object per line'],
    ['unionpush history --broadcast b1 --status rejected', 'whom a broadcast did not reach'],
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
