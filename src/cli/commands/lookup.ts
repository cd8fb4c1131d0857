import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { type Follower, lookupAmong, mostNameless } from '../../operations/lookup.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { createTimeFormat } from '../format.ts'
import { renderFields } from '../table.ts'
import { phrase, toPlural } from '../text/phrase.ts'

export const lookupCommand = defineCommand({
  name: 'lookup',
  description: 'lookup',
  args: {
    unionid: { type: 'positional', description: 'lookup.unionid' },
    ...accountsArg,
  },
  examples: [['unionpush lookup o6_bmjrPTlm6_2sgVt7hMZOPfL2M', 'lookup.example.user']],
  run: ({ unionid, account }, out) =>
    withAccounts(out, account, async ({ accounts, config }) => {
      const formatTime = createTimeFormat(config.timezone)
      const found = await lookupAmong(accounts, unionid)
      const [first] = found.accounts
      if (!first) {
        const sentence = say('failure.unknownUnionid', { unionid })
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

function toHint(nameless: number): Sentence {
  if (nameless === 0) return say('lookup.hint')
  const count =
    nameless < mostNameless
      ? toPlural('follower', nameless)
      : say('count.followersOrMore', { count: mostNameless })
  return say('lookup.hintNameless', { count })
}

function toText(answer: Follower, formatTime: (iso: string | null) => string): string {
  return renderFields([
    ['Unionid', answer.unionid],
    ['Openid', answer.openid],
    [phrase('label.account'), answer.account],
    [
      phrase('label.follows'),
      answer.subscribed
        ? phrase('lookup.follows', { time: formatTime(answer.subscribeTime) })
        : phrase('lookup.followsNot'),
    ],
    ...(answer.unsubscribedAt === null
      ? []
      : [toField('label.left', phrase('lookup.left', { time: formatTime(answer.unsubscribedAt) }))]),
    [phrase('label.cameBy'), answer.scene ?? '-'],
    [phrase('label.remark'), answer.remark || '-'],
    [phrase('label.asOf'), formatTime(answer.infoAt)],
    ...(answer.isShared ? [toField('label.inDoubt', phrase('lookup.shared'))] : []),
  ])
}

function toField(label: 'label.left' | 'label.inDoubt', value: string): [string, string] {
  return [phrase(label), value]
}
