import type { PushRow } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'
import { errcode } from '../../wechat/errcode.ts'
import { WechatApiError, type WechatNetworkError } from '../../wechat/errors.ts'
import type { OtherPushes } from './otherPushes.ts'
import { decide, type SendOutcome } from './outcome.ts'
import type { Directory } from './resolve.ts'
import type { TemplateCheck } from './templateCheck.ts'

export interface JudgeDeps extends Pick<TemplateCheck, 'isTemplate'> {
  maxAttempts: number
  others: Pick<OtherPushes, 'failed'>
  directory: Pick<Directory, 'findByOpenid'>
}

/** A call that was not accepted. */
export interface FailedCall {
  push: PushJob
  /** What was known before it. */
  before: PushRow
  /** How often the queue has handed the push out. */
  starts: number
  openid: string
  error: WechatApiError | WechatNetworkError
}

/** What is done about a call that failed, by what it met, what is known, and what others meet. */
export async function judge(
  deps: JudgeDeps,
  { push, before, starts, openid, error }: FailedCall,
): Promise<SendOutcome> {
  const isBelieved = await isDenialDoubtful(deps, error, push.templateId, openid)
  const attempt = {
    attempts: before.attempts + 1,
    maxAttempts: deps.maxAttempts,
    starts,
    isUnclear: before.unknownSince !== null,
    lastErrcode: before.errcode,
    isBelieved,
    ...(await deps.others.failed(error, before)),
    opensMiniprogram: push.miniprogram !== undefined,
  }
  return decide(error, attempt, Math.random())
}

/** WeChat sometimes denies what it has; only what it told us of itself deserves a second look. */
async function isDenialDoubtful(
  { isTemplate, directory }: JudgeDeps,
  error: Error,
  templateId: string,
  openid: string,
): Promise<boolean> {
  if (!(error instanceof WechatApiError)) return false
  if (error.errcode === errcode.invalidTemplateId) return isTemplate(templateId)
  if (error.errcode !== errcode.invalidOpenid) return false
  return (await directory.findByOpenid(openid))?.subscribed === true
}
