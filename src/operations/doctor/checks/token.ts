import { minute } from '../../../base/duration.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { reasonOf } from '../../../wechat/errcode.ts'
import { canBeUsed, isAnswer } from '../askWechat.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import { explainRefusal, findIp, judgeAnswer } from '../refusal.ts'

/** WeChat itself replaces a token in its last five minutes; the rest is for the clocks. */
const lastMinutes = 6 * minute

export const tokenChecks: Check[] = [
  {
    name: 'token',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      const fetched = await wechat.token()
      if (!isAnswer(fetched)) return judgeAnswer(fetched, () => ok('token.ok'))
      const used = await wechat.tokenUse()
      return canBeUsed(used) ? ok('token.ok') : judgeAnswer(used, () => ok('token.ok'))
    },
  },
  {
    name: 'ip_whitelist',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      const asked = [await wechat.token(), await wechat.tokenUse()]
      for (const answer of asked) {
        if (answer === 'no_token' || !('refusal' in answer)) continue
        const { refusal } = answer
        if (reasonOf(refusal) !== 'ip_not_allowed') continue
        const ip = findIp(refusal.errmsg)
        const told = explainRefusal(refusal)
        return ip === undefined
          ? { status: 'fail', sentence: told }
          : fail('ip.notListed', { ip, ...toFacts(refusal) })
      }
      return asked.every(canBeUsed) ? ok('ip.ok') : skip('needs.token')
    },
  },
  {
    name: 'token_conflict',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      const use = await wechat.tokenUse()
      const fetched = await wechat.token()
      if (use === 'no_token' || fetched === 'no_token' || !('answer' in fetched)) return skip('needs.token')
      if ('refusal' in use && reasonOf(use.refusal) === 'token_invalid')
        return fail('tokenConflict.refused', toFacts(use.refusal))
      const { token, stored } = fetched.answer
      if (stored === undefined) return skip('tokenConflict.nothingStored')
      const left = stored.expiresAt - Date.now()
      if (left < lastMinutes) return skip('tokenConflict.tooOld')
      if (stored.token === token) return ok('tokenConflict.ok')
      return warn('tokenConflict.replaced', { minutes: Math.floor(left / minute) })
    },
  },
  {
    name: 'miniprogram',
    of: 'account',
    isSlow: true,
    async run({ config, wechat }) {
      if (config.miniProgram === undefined) return skip('miniprogram.none')
      const { appid } = config.miniProgram
      if (appid === config.appid) return fail('miniprogram.same', { appid })
      return judgeAnswer(
        await wechat.miniProgramToken(),
        () => ok('miniprogram.ok', { appid }),
        'miniprogram',
      )
    },
  },
]

function toFacts({ errcode, rid }: { errcode: number; rid: string | undefined }) {
  return {
    numbers: rid === undefined ? `errcode ${errcode}` : `errcode ${errcode}, rid ${rid}`,
    app: say('app.account'),
  }
}
