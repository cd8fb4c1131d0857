/** How far a push has come; docs/en/records.md says what each means. */
export const pushStatuses = [
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'rejected',
  'skipped',
  'unknown',
] as const
export type PushStatus = (typeof pushStatuses)[number]

/** Of pushes that have come to an end. */
export const finalStatuses = [
  'sent',
  'delivered',
  'undelivered',
  'rejected',
  'skipped',
  'unknown',
] as const satisfies readonly PushStatus[]
export type FinalStatus = (typeof finalStatuses)[number]

/** Of pushes that should have reached their user and did not. */
export const failedStatuses = ['rejected', 'undelivered', 'unknown'] as const satisfies readonly PushStatus[]
export type FailedStatus = (typeof failedStatuses)[number]

/** Of pushes that WeChat accepted. */
export const acceptedStatuses = ['sent', 'delivered', 'undelivered'] as const satisfies readonly PushStatus[]

/** Of pushes that never come without a reason. */
export const explainedStatuses = [
  'undelivered',
  'rejected',
  'skipped',
  'unknown',
] as const satisfies readonly PushStatus[]

/** What WeChat refuses a message for. */
const refusals = [
  'recipient_invalid',
  'recipient_blocked',
  'recipient_limit',
  'template_invalid',
  'data_invalid',
  'url_invalid',
  'miniprogram_invalid',
  'content_forbidden',
  'request_invalid',
  'operation_refused',
  'login_failed',
  'wechat_error',
] as const

/** Why a push is where it is. */
export const pushReasons = {
  queued: ['retry', 'paused', 'hold', 'quiet'],
  sending: [],
  sent: ['in_review', 'already_sent'],
  delivered: [],
  undelivered: ['user_block', 'system_failed', 'freq_limit', 'other'],
  rejected: [...refusals, 'retries_exhausted', 'invalid_job', 'internal_error'],
  skipped: [
    'not_following',
    'unionid_pending',
    'handed_over',
    'expired',
    'cancelled',
    'duplicate',
    'capped',
    'quiet',
    'session_unknown',
    'unionid_unknown',
  ],
  unknown: ['ambiguous'],
} as const satisfies Record<PushStatus, readonly string[]>
/** Of pushes with that status; without one, of any. */
export type PushReason<S extends PushStatus = PushStatus> = (typeof pushReasons)[S][number]

/** Faults of a whole account: its sends are paused. */
export const accountReasons = [
  'credentials_invalid',
  'token_invalid',
  'ip_not_allowed',
  'quota_exhausted',
  'account_restricted',
  'api_unauthorized',
] as const
export type AccountReason = (typeof accountReasons)[number]

/** Why an account is paused that a person has paused: nothing but a person resumes it. */
export const manualPause = 'manual'

/** What WeChat says of one message. */
export type MessageReason = (typeof refusals)[number] | PushReason<'sent'>
/** It passes by itself, so it is on no record. */
export type PassingReason = 'busy' | 'rate_limited'
/** What a code of WeChat stands for. */
export type ErrcodeReason = AccountReason | MessageReason | PassingReason

/** Whatever is refused where an access_token is fetched concerns the account, so any code may be among them. */
export type PauseReason = ErrcodeReason | typeof manualPause

/** Whether a push has come to an end. */
export function hasEnded({ status }: { status: PushStatus }): boolean {
  return status !== 'queued' && status !== 'sending'
}

export function isFinal(word: string): word is FinalStatus {
  return includes(finalStatuses, word)
}

export function isPushStatus(word: string): word is PushStatus {
  return includes(pushStatuses, word)
}

export function isReasonOf<S extends PushStatus>(status: S, word: string): word is PushReason<S> {
  return includes(pushReasons[status], word)
}

/** Each reason belongs to one status. */
export function findStatusOf(reason: PushReason): PushStatus | undefined {
  return pushStatuses.find((status) => isReasonOf(status, reason))
}

export function isPushReason(word: string): word is PushReason {
  return pushStatuses.some((status) => includes(pushReasons[status], word))
}

function includes(list: readonly string[], word: string): boolean {
  return list.includes(word)
}
