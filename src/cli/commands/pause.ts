import { pauseAccount } from '../../operations/pauses/pause.ts'
import { accountArg } from '../accounts/accountArg.ts'
import { withAccount } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat } from '../format.ts'
import { remarkUnreachable, toPausedText } from '../paused.ts'
import { phrase } from '../text/phrase.ts'

export const pauseCommand = defineCommand({
  name: 'pause',
  description: 'pause',
  args: {
    reason: { type: 'string', description: 'pause.reason' },
    ...accountArg,
  },
  examples: [
    ['unionpush pause --reason OPS-1042', 'pause.example.reason'],
    ['unionpush status', 'pause.example.status'],
  ],
  run: ({ reason, account: word }, out) =>
    withAccount(out, word, async (account) => {
      const { answer, hasChanged, unreachable } = await pauseAccount(account, { reason })
      const formatTime = createTimeFormat(account.config.timezone)
      await out.print(answer, ({ account, paused }) => {
        if (paused === null) return phrase('pause.resumedMeanwhile', { account })
        const facts = { account, paused: toPausedText(paused, formatTime) }
        return phrase(hasChanged ? 'pause.is' : 'pause.was', facts)
      })
      remarkUnreachable(out, unreachable)
      return 0
    }),
})
