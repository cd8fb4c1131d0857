import { loadToken } from '../../operations/token.ts'
import { accountArg } from '../accounts/accountArg.ts'
import { withAccount } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat } from '../format.ts'
import { renderFields } from '../table.ts'
import { phrase } from '../text/phrase.ts'

export const tokenCommand = defineCommand({
  name: 'token',
  description: 'token',
  args: accountArg,
  examples: [['unionpush token', 'token.example.check']],
  run: ({ account: word }, out) =>
    withAccount(out, word, async (account) => {
      const formatTime = createTimeFormat(account.config.timezone)
      await out.print(await loadToken(account), ({ account, token, obtainedAt, expiresAt }) =>
        renderFields([
          [phrase('label.account'), account],
          [phrase('label.token'), token],
          [phrase('label.obtained'), formatTime(obtainedAt)],
          [phrase('label.expires'), formatTime(expiresAt)],
        ]),
      )
      return 0
    }),
})
