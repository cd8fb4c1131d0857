import { resumeByHand } from '../../health/manualPause.ts'
import { defineCommand } from '../command.ts'
import { remarkUnreachable, toPaused } from '../paused.ts'
import { withApp } from '../withApp.ts'

export const resume = defineCommand({
  name: 'resume',
  description: 'Send again, whatever stopped it',
  args: { account: { type: 'string', description: 'AppID; default: WECHAT_APPID' } },
  examples: [
    ['unionpush resume', 'after `unionpush pause`, or to have a fault tried again at once'],
    ['unionpush resume --account wx0123456789abcdef', 'another account with the same database and queue'],
  ],
  run: ({ account }, out) =>
    withApp(
      out,
      async (app) => {
        const { hasChanged, unreachable } = await resumeByHand(app)
        const { appid } = app.config.account
        await out.print({ account: appid, paused: toPaused(await app.accountState.find()) }, ({ paused }) => {
          if (paused !== null) return `${appid} was resumed, and is paused again: ${paused.detail}`
          return hasChanged ? `${appid} is resumed` : `${appid} was not paused`
        })
        remarkUnreachable(out, unreachable)
        return 0
      },
      account,
    ),
})
