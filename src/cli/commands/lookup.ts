import { type Follower, lookupAmong, mostNameless } from '../../operations/lookup.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { createTimeFormat, formatPlural } from '../format.ts'
import { renderFields } from '../table.ts'

export const lookupCommand = defineCommand({
  name: 'lookup',
  description: 'Show the follower with a unionid',
  args: {
    unionid: { type: 'positional', description: 'as the mini-program knows the user' },
    ...accountsArg,
  },
  examples: [['unionpush lookup o6_bmjrPTlm6_2sgVt7hMZOPfL2M', 'see whether this user can be reached']],
  run: ({ unionid, account }, out) =>
    withAccounts(out, account, async ({ accounts, config }) => {
      const formatTime = createTimeFormat(config.timezone)
      const found = await lookupAmong(accounts, unionid)
      const [first] = found.accounts
      if (!first) {
        const sentence = `No follower with the unionid ${unionid} is known`
        throw new NegativeAnswer('unknown_unionid', sentence, toHint(found.nameless))
      }
      if (accounts.length === 1) {
        await out.print(first, (follower) => toText(follower, formatTime))
      } else {
        await out.print({ unionid, accounts: found.accounts }, ({ accounts }) =>
          accounts.map((follower) => toText(follower, formatTime)).join('\n\n'),
        )
      }
      return 0
    }),
})

function toHint(nameless: number): string {
  const hint = 'New followers are seen by the next sync: unionpush sync'
  if (nameless === 0) return hint
  const count =
    nameless < mostNameless ? formatPlural(nameless, 'follower') : `${mostNameless} followers or more`
  return `${hint}. WeChat has not told the unionid of ${count} yet; every sync asks again`
}

function toText(answer: Follower, formatTime: (iso: string | null) => string): string {
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
