import { say } from '../../base/sentences/sentence.ts'
import { findPushAmong } from '../../operations/show.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { createRecordText } from '../recordText.ts'

export const showCommand = defineCommand({
  name: 'show',
  description: 'show',
  args: { id: { type: 'positional', description: 'id.printed' }, ...accountsArg },
  examples: [['unionpush show order-42-shipped', 'show.example.push']],
  run: ({ id, account }, out) =>
    withAccounts(out, account, async ({ accounts, config }) => {
      const record = await findPushAmong(accounts, id)
      if (record === undefined) throw new NegativeAnswer('unknown_push', say('failure.unknownPush', { id }))
      await out.print(record, createRecordText(config.timezone))
      return 0
    }),
})
