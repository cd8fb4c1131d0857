import type { FollowerRow } from '../db/followers.ts'
import { defineCommand } from './command.ts'
import { NegativeAnswer } from './failure.ts'
import { createTimeFormat, toIso } from './format.ts'
import { renderFields } from './table.ts'
import { withApp } from './withApp.ts'

export const lookup = defineCommand({
  name: 'lookup',
  description: 'Show the follower with a unionid',
  args: { unionid: { type: 'positional', description: 'as the mini-program knows the user' } },
  examples: [['unionpush lookup o6_bmjrPTlm6_2sgVt7hMZOPfL2M', 'see whether this user can be reached']],
  run: ({ unionid }, out) =>
    withApp(out, async ({ config, followers }) => {
      const row = await followers.findByUnionid(unionid)
      if (row === undefined) {
        throw new NegativeAnswer(
          'unknown_unionid',
          `No follower with the unionid ${unionid} is known`,
          'New followers are seen by the next sync: unionpush sync',
        )
      }
      const formatTime = createTimeFormat(config.timezone)
      await out.print(toAnswer(row, unionid), (answer) => toText(answer, formatTime))
      return 0
    }),
})

type Answer = ReturnType<typeof toAnswer>

function toAnswer(row: FollowerRow, unionid: string) {
  return {
    unionid,
    openid: row.openid,
    account: row.appid,
    subscribed: row.subscribed,
    subscribeTime: toIso(row.subscribeTime),
    unsubscribedAt: toIso(row.unsubscribedAt),
    scene: row.scene,
    tagIds: row.tagIds,
    remark: row.remark,
    infoAt: toIso(row.infoAt),
  }
}

function toText(answer: Answer, formatTime: (iso: string | null) => string): string {
  return renderFields([
    ['Unionid', answer.unionid],
    ['Openid', answer.openid],
    ['Account', answer.account],
    ['Follows', answer.subscribed ? `yes, since ${formatTime(answer.subscribeTime)}` : 'no'],
    ...(answer.unsubscribedAt === null
      ? []
      : [['Left', `${formatTime(answer.unsubscribedAt)} or before`] as [string, string]]),
    ['Came by', answer.scene ?? '-'],
    ['Remark', answer.remark || '-'],
    ['As of', formatTime(answer.infoAt)],
  ])
}
