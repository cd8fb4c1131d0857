import { explain } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'

export function isFromWechat(error: unknown): error is WechatApiError | WechatNetworkError {
  return error instanceof WechatApiError || error instanceof WechatNetworkError
}

/** What went wrong, for a person. */
export function toSentence(error: unknown): string {
  if (error instanceof WechatApiError) return explain(error)
  if (error instanceof WechatNetworkError) return `WeChat could not be asked: ${error.detail}`
  return error instanceof Error ? error.message : String(error)
}
