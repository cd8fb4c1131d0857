import { explain, explainInFull } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'

export function isFromWechat(error: unknown): error is WechatApiError | WechatNetworkError {
  return error instanceof WechatApiError || error instanceof WechatNetworkError
}

/** The numbers of a refusal, for a program. */
export function toRefusal(error: unknown): { errcode: number; rid: string | null } | undefined {
  return error instanceof WechatApiError ? { errcode: error.errcode, rid: error.rid ?? null } : undefined
}

export const stoppedOnRequest = 'stopped on request; the next sync goes on from here'

/** What went wrong, for a person. */
export function toErrorSentence(error: unknown): string {
  if (error instanceof WechatApiError) return explainInFull(error)
  if (error instanceof WechatNetworkError) return `WeChat could not be asked: ${error.detail}`
  return error instanceof Error ? error.message : String(error)
}

/** What stays the same while the same thing goes wrong: every refusal has a rid of its own. */
export function toKind(error: unknown): string {
  return error instanceof WechatApiError ? explain(error) : toErrorSentence(error)
}
