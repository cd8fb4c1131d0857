import { resumeAccount } from '../../operations/pause.ts'
import { defineCommand } from '../command.ts'
import { remarkUnreachable } from '../paused.ts'
import { withAccount } from '../withAccount.ts'

export const resumeCommand = defineCommand({
  name: 'resume',
  description: 'Send again, whatever stopped it',
  args: { account: { type: 'string', description: 'AppID; default: WECHAT_APPID' } },
  examples: [
    ['unionpush resume', 'after `unionpush pause`, or to have a fault tried again at once'],
    ['unionpush resume --account wx0123456789abcdef', 'another account with the same database and queue'],
  ],
  run: ({ account: appid }, out) =>
    withAccount(
      out,
      async (account) => {
        const { answer, hasChanged, unreachable } = await resumeAccount(account)
        await out.print(answer, ({ account, paused }) => {
          if (paused !== null) return `${account} was resumed, and is paused again: ${paused.detail}`
          return hasChanged ? `${account} is resumed` : `${account} was not paused`
        })
        remarkUnreachable(out, unreachable)
        return 0
      },
      appid,
    ),
})
