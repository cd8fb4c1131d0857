import { cancelAmong } from '../../operations/cancel.ts'
import type { CancelAnswer } from '../../push/pushAnswers.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { phrase } from '../text/phrase.ts'

export const cancelCommand = defineCommand({
  name: 'cancel',
  description: 'cancel',
  args: { id: { type: 'positional', description: 'id.printed' }, ...accountsArg },
  examples: [['unionpush cancel order-42-shipped', 'cancel.example.push']],
  run: ({ id, account }, out) =>
    withAccounts(out, account, async ({ accounts }) => {
      const { answer } = await cancelAmong(accounts, id)
      await out.print(answer, ({ status }) => phrase(texts[status], { id }))
      return answer.status === 'cancelled' ? 0 : 1
    }),
})

const texts = {
  cancelled: 'cancel.cancelled',
  too_late: 'cancel.too_late',
  not_found: 'failure.unknownPush',
} as const satisfies Record<CancelAnswer, string>
