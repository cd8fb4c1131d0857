import { resumeAccount } from '../../operations/pause.ts'
import { accountArg } from '../accounts/accountArg.ts'
import { withAccount } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { remarkUnreachable } from '../paused.ts'

export const resumeCommand = defineCommand({
  name: 'resume',
  description: 'Send again, whatever stopped it',
  args: accountArg,
  examples: [
    ['unionpush resume', 'after `unionpush pause`, or to have a fault tried again at once'],
    ['unionpush resume --account shop-a', 'one of several accounts'],
  ],
  run: ({ account: word }, out) =>
    withAccount(out, word, async (account) => {
      const { answer, hasChanged, unreachable } = await resumeAccount(account)
      await out.print(answer, ({ account, paused }) => {
        if (paused !== null) return `${account} was resumed, and is paused again: ${paused.detail}`
        return hasChanged ? `${account} is resumed` : `${account} was not paused`
      })
      remarkUnreachable(out, unreachable)
      return 0
    }),
})
