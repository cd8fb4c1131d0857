import { findPush } from '../../operations/show.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { createRecordText } from '../recordText.ts'
import { withAccount } from '../withAccount.ts'

export const showCommand = defineCommand({
  name: 'show',
  description: 'Show what became of a push',
  args: { id: { type: 'positional', description: 'as `push` printed it' } },
  examples: [['unionpush show order-42-shipped', 'see whether it was sent, and if not, why']],
  run: ({ id }, out) =>
    withAccount(out, async (account) => {
      const record = await findPush(account, id)
      if (record === undefined) throw new NegativeAnswer('unknown_push', `No push with the id ${id} is known`)
      await out.print(record, createRecordText(account.config.timezone))
      return 0
    }),
})
