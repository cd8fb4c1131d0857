import { defineCommand } from '../command.ts'
import { createTimeFormat, toIso } from '../format.ts'
import { renderFields } from '../table.ts'
import { withApp } from '../withApp.ts'

export const token = defineCommand({
  name: 'token',
  description: 'Show the access_token, masked; fetch one if needed',
  args: {},
  examples: [['unionpush token', 'see whether WeChat takes AppID, AppSecret and the IP of this machine']],
  run: (_, out) =>
    withApp(out, async ({ config, tokens }) => {
      const { token, obtainedAt, expiresAt } = await tokens.refresh()
      const formatTime = createTimeFormat(config.timezone)
      await out.print(
        {
          account: config.account.appid,
          token: mask(token),
          obtainedAt: toIso(obtainedAt),
          expiresAt: toIso(expiresAt),
        },
        (answer) =>
          renderFields([
            ['Account', answer.account],
            ['Token', answer.token],
            ['Obtained', formatTime(answer.obtainedAt)],
            ['Expires', formatTime(answer.expiresAt)],
          ]),
      )
      return 0
    }),
})

/** Enough to tell two tokens apart, of no use to anybody else; real ones have 136 characters or more. */
function mask(token: string): string {
  return token.length < 40 ? '***' : `${token.slice(0, 3)}...${token.slice(-4)}`
}
