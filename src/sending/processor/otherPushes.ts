import type { PushRow } from '../../db/pushes.ts'
import { createEvidence, type EvidenceDeps } from '../../health/evidence.ts'
import { createRecentCalls } from '../../health/recentCalls.ts'
import { mayConcernOnePush } from '../../wechat/errcode.ts'
import { WechatApiError, type WechatNetworkError } from '../../wechat/errors.ts'
import { type Attempt, toCallResult } from './outcome.ts'

/** What other pushes meet, by which a try that fails is judged. */
export interface OtherPushes {
  accepted(pushId: string): void
  /** `row`: what was known before the try. */
  failed(
    error: WechatApiError | WechatNetworkError,
    row: Pick<PushRow, 'id' | 'errcode'>,
  ): Promise<Pick<Attempt, 'concerns' | 'isTrial' | 'othersPass'>>
  /** Nothing passes. */
  isOutage(): boolean
}

export function createOtherPushes(deps: EvidenceDeps): OtherPushes {
  const calls = createRecentCalls()
  const evidence = createEvidence(deps)

  return {
    accepted(pushId) {
      calls.add(pushId, 'passed')
      evidence.accepted()
    },
    async failed(error, { id, errcode }) {
      const isTrial = deps.isTrial()
      const othersPass = calls.othersPass(id)
      calls.add(id, toCallResult(error))
      const mayBeOne = error instanceof WechatApiError && mayConcernOnePush(error)
      const concerns = mayBeOne
        ? await evidence.judge(error.errcode, id, errcode === error.errcode)
        : 'account'
      return { concerns, isTrial, othersPass }
    },
    isOutage: calls.isOutage,
  }
}
