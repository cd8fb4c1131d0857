import { say } from '../../../base/sentences/sentence.ts'
import { isAnswer } from '../askWechat.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import { explainRefusal, judgeAnswer } from '../refusal.ts'

/** Daily calls of the plain token that a test account (测试号) has; a verified one begins with ten times as many. */
const testAccountTokens = 200

export const permissionChecks: Check[] = [
  {
    name: 'permissions',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      const [templates, followers, quota] = await Promise.all([
        wechat.templates(),
        wechat.followerPage(),
        wechat.sendQuota(),
      ])
      for (const [api, asked] of [
        [say('api.templates'), templates],
        [say('api.followers'), followers],
        [say('api.quota'), quota],
      ] as const) {
        if (asked === 'no_token') return skip('needs.token')
        if ('refusal' in asked)
          return fail('permissions.refused', { api, why: explainRefusal(asked.refusal) })
        if ('failure' in asked) return fail('refusal.noAnswer', { why: asked.failure.detail })
      }
      return ok('permissions.ok')
    },
  },
  {
    name: 'account_kind',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      const sends = await wechat.sendQuota()
      return judgeAnswer(sends, async ({ dailyLimit }) => {
        if (dailyLimit === 0) return fail('accountKind.noSends')
        // Not every account is told; then nothing speaks for a test account.
        const asked = await wechat.tokenQuota()
        const tokens = isAnswer(asked) ? asked.answer.dailyLimit : 0
        return tokens > 0 && tokens <= testAccountTokens
          ? warn('accountKind.test')
          : ok('accountKind.ok', { sends: dailyLimit })
      })
    },
  },
]
