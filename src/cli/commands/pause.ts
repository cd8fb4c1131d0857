import { pauseByHand } from '../../health/manualPause.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat } from '../format.ts'
import { remarkUnreachable, toPaused, toPausedText } from '../paused.ts'
import { withApp } from '../withApp.ts'

export const pause = defineCommand({
  name: 'pause',
  description: 'Stop sending until `resume`',
  args: {
    reason: { type: 'string', description: 'why, for those who read `status`' },
    account: { type: 'string', description: 'AppID; default: WECHAT_APPID' },
  },
  examples: [
    ["unionpush pause --reason 'wrong price in the template'", 'what is queued stays queued'],
    ['unionpush status', 'shows the pause, and since when'],
  ],
  run: ({ reason, account }, out) =>
    withApp(
      out,
      async (app) => {
        const { hasChanged, unreachable } = await pauseByHand(app, reason ?? 'paused by a person')
        const { appid } = app.config.account
        const formatTime = createTimeFormat(app.config.timezone)
        await out.print({ account: appid, paused: toPaused(await app.accountState.find()) }, ({ paused }) => {
          if (paused === null) return `${appid} was resumed by somebody else just now`
          return `${appid} ${hasChanged ? 'is' : 'was already'} ${toPausedText(paused, formatTime)}`
        })
        remarkUnreachable(out, unreachable)
        return 0
      },
      account,
    ),
})
