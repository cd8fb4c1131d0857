import { listAudit } from '../../operations/reports/audit.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand, toCount } from '../command.ts'
import { createTimeFormat } from '../format.ts'
import { parseSince } from '../since.ts'
import { inWords, toPlural } from '../text/phrase.ts'

export const auditCommand = defineCommand({
  name: 'audit',
  description: 'audit',
  args: {
    since: { type: 'string', valueHint: 'time', description: 'audit.since' },
    limit: { type: 'string', valueHint: 'count', description: 'list.limit' },
    ...accountsArg,
  },
  examples: [
    ['unionpush audit --since 1d', 'audit.example.since'],
    ['unionpush audit --json > audit.jsonl', 'audit.example.everything'],
  ],
  run({ since, limit, account: word }, out) {
    const most = limit === undefined ? undefined : toCount('limit', limit, 1)
    return withAccounts(out, word, async ({ accounts, config: { timezone } }) => {
      const from = since === undefined ? undefined : parseSince(since, timezone)
      const formatTime = createTimeFormat(timezone)
      const [first] = accounts
      const account = word === undefined ? undefined : first
      const entries = listAudit(first.runtime.database.audit(), { since: from, limit: most, account })
      const count = await out.printAll(entries, ({ at, keyName, role, action, account, target, detail }) =>
        [formatTime(at), `${keyName} (${role})`, action, account, target, detail].filter(Boolean).join('  '),
      )
      out.remark(inWords(toPlural('change', count)))
      return 0
    })
  },
})
