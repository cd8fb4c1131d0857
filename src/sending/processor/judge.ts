import type { PushRow } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'
import { errcode } from '../../wechat/errcode.ts'
import { WechatApiError, type WechatNetworkError } from '../../wechat/errors.ts'
import type { TemplateCheck } from '../templates/templateCheck.ts'
import type { TemplateGuard } from '../templates/templateGuard.ts'
import type { OtherPushes } from './otherPushes.ts'
import { type Attempt, decide, type SendOutcome } from './outcome.ts'
import type { Directory } from './resolve.ts'

export interface JudgeDeps extends Pick<TemplateCheck, 'findStanding'> {
  maxAttempts: number
  others: Pick<OtherPushes, 'failed'>
  directory: Pick<Directory, 'findByOpenid'>
  /** Undefined where pushes of a template that is denied do not wait for it. */
  templateGuard: Pick<TemplateGuard, 'wasSent'> | undefined
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
  const denial = await findDenial(deps, error, push.templateId, openid)
  const attempt = {
    attempts: before.attempts + 1,
    maxAttempts: deps.maxAttempts,
    starts,
    isUnclear: before.unknownSince !== null,
    lastErrcode: before.errcode,
    ...denial,
    ...(await deps.others.failed(error, before)),
    opensMiniprogram: push.miniprogram !== undefined,
  }
  return decide(error, attempt, Math.random())
}

/** WeChat sometimes denies what it has; only what it told us of itself deserves a second look, or to be waited for. */
async function findDenial(
  { findStanding, directory, templateGuard }: JudgeDeps,
  error: Error,
  templateId: string,
  openid: string,
): Promise<Pick<Attempt, 'isBelieved' | 'hasLostTemplate'>> {
  const code = error instanceof WechatApiError ? error.errcode : undefined
  if (code === errcode.invalidOpenid) {
    const follower = await directory.findByOpenid(openid)
    return { isBelieved: follower?.subscribed === true, hasLostTemplate: false }
  }
  const mayWait = templateGuard !== undefined
  if (code === errcode.templateRestricted || code === errcode.templateDisabled) {
    return { isBelieved: false, hasLostTemplate: mayWait }
  }
  if (code !== errcode.invalidTemplateId && code !== errcode.templateWithdrawn) {
    return { isBelieved: false, hasLostTemplate: false }
  }
  const standing = await findStanding(templateId)
  const isListed = standing === 'listed' || standing === 'doubtful'
  if (isListed && code === errcode.invalidTemplateId) return { isBelieved: true, hasLostTemplate: false }
  const wasThere = standing !== 'never' || templateGuard?.wasSent(templateId) === true
  return { isBelieved: false, hasLostTemplate: mayWait && wasThere }
}
