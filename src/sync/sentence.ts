import { type Sentence, say } from '../base/sentences/sentence.ts'
import { parseStored, toStored } from '../base/sentences/stored.ts'
import { explain, explainInFull } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'

export function isFromWechat(error: unknown): error is WechatApiError | WechatNetworkError {
  return error instanceof WechatApiError || error instanceof WechatNetworkError
}

/** The numbers of a refusal, for a program. */
export function toRefusal(error: unknown): { errcode: number; rid: string | null } | undefined {
  return error instanceof WechatApiError ? { errcode: error.errcode, rid: error.rid ?? null } : undefined
}

export const stoppedOnRequest = say('sync.stopped_on_request')

/** Of what is on record about a run; older versions wrote it in words. */
export function isStoppedOnRequest(error: string): boolean {
  return parseStored(error)?.key === stoppedOnRequest.key || error.startsWith('stopped on request')
}

/** What went wrong, for a person. */
export function toErrorSentence(error: unknown): Sentence {
  if (error instanceof WechatApiError) return explainInFull(error)
  if (error instanceof WechatNetworkError) return say('sync.no_answer', { why: error.detail })
  return say('sync.failed', { why: error instanceof Error ? error.message : String(error) })
}

/** What stays the same while the same thing goes wrong: every refusal has a rid of its own. */
export function toKind(error: unknown): string {
  return toStored(error instanceof WechatApiError ? explain(error) : toErrorSentence(error))
}
