import type { FollowerRow } from '../../db/sqlite/followers/followers.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { createTimeFormat, formatPlural, toIso } from '../format.ts'
import { renderFields } from '../table.ts'
import { withApp } from '../withApp.ts'

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
          toHint(await followers.countNameless(mostCounted)),
        )
      }
      const formatTime = createTimeFormat(config.timezone)
      const isShared = (await followers.findSharing(unionid)).length > 1
      await out.print({ ...toAnswer(row, unionid), isShared }, (answer) => toText(answer, formatTime))
      return 0
    }),
})

const mostCounted = 1_000

function toHint(nameless: number): string {
  const hint = 'New followers are seen by the next sync: unionpush sync'
  if (nameless === 0) return hint
  const count =
    nameless < mostCounted ? formatPlural(nameless, 'follower') : `${mostCounted} followers or more`
  return `${hint}. WeChat has not told the unionid of ${count} yet; every sync asks again`
}

type Answer = ReturnType<typeof toAnswer> & { isShared: boolean }

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
    ...(answer.isShared
      ? [
          [
            'In doubt',
            'other followers carry this unionid too: nothing is sent by it until WeChat names one',
          ] as [string, string],
        ]
      : []),
  ])
}
