import { isSentenceKey, type Sentence, say } from '../../base/sentences/sentence.ts'
import { explainInFull, reasonOf } from '../../wechat/errcode.ts'
import type { WechatApiError } from '../../wechat/errors.ts'
import { type Finding, fail, skip } from './check.ts'
import type { Answered } from './subjects.ts'

type Caller = 'account' | 'miniprogram'

/** What a check says of an answer of WeChat, where there is one; else why there is none. */
export function judgeAnswer<T>(
  asked: Answered<T>,
  judge: (answer: T) => Finding | Promise<Finding>,
  caller: Caller = 'account',
): Finding | Promise<Finding> {
  if (asked === 'no_token') return skip('needs.token')
  if ('failure' in asked) return fail('refusal.noAnswer', { why: asked.failure.detail })
  if ('refusal' in asked) return { status: 'fail', sentence: explainRefusal(asked.refusal, caller) }
  return judge(asked.answer)
}

/** What a no of WeChat means and where to set it right: by its code, or else by what such codes are about. */
export function explainRefusal(error: WechatApiError, caller: Caller = 'account'): Sentence {
  const { errcode, errmsg, rid } = error
  const numbers = rid === undefined ? `errcode ${errcode}` : `errcode ${errcode}, rid ${rid}`
  const key = [`errcode.${errcode}`, `refusal.${reasonOf(error)}`].find(isSentenceKey)
  if (key === undefined)
    return say('refusal.other', { numbers, errmsg, meaning: explainInFull(error, caller) })
  const app = caller === 'account' ? say('app.account') : say('app.miniprogram')
  return { key, facts: { app, numbers, errmsg, ip: findIp(errmsg) ?? say('refusal.thisMachine') } }
}

/** As WeChat sees it, behind any NAT. */
export function findIp(errmsg: string): string | undefined {
  return /ip:? ?([\da-f]*[.:][\da-f.:]+)/i.exec(errmsg)?.[1]
}
