import type { Recurrence, RuleMatch } from './script.ts'

/**
 * What goes wrong with a call. The names say it; beyond them:
 * `{errcode}` has WeChat's usual text unless `errmsg` is given (a rid is added to both); 40252 of template/send holds the
 * message for review, so that it is accepted all the same and its receipt carries a msgid nobody was told;
 * `reset_before` drops the connection and the request is not handled, `reset_after` handles it, then drops the connection,
 * `reset_midway` does so in the middle of the answer;
 * `truncated` is half of the real answer as if it were whole, `drip` writes it byte by byte every `everyMs`;
 * `errcode_text` gives errcode as a string;
 * `{delayMs}` handles at once and answers late.
 *
 * Of the follower list (user/get): `empty_page` names nobody and has no cursor, `cut_page` breaks off after half of its
 * openids and has no cursor either, `same_cursor` gives the cursor that was asked with, `blank_openid` begins with an
 * empty openid.
 *
 * Of user info (batchget, and user/info unless it says otherwise), of everybody in the answer or, with `match.openid`, of
 * that person alone: `without_unionid`; `not_following` says `subscribe` 0; `empty_rows` are `{}`; `missing_rows` are left
 * out (batchget only); `shifted_unionids` gives each row the unionid of the next (batchget only); `reversed` turns the list
 * round (batchget only).
 */
export type FaultAction =
  | { errcode: number; errmsg?: string | undefined }
  | { status: number; body?: string | undefined }
  | { delayMs: number }
  | NamedFaultAction

export const namedFaultActions = [
  'html',
  'truncated',
  'garbage',
  'empty',
  'reset_before',
  'reset_after',
  'reset_midway',
  'hang',
  'drip',
  'endless',
  'errcode_text',
  'empty_page',
  'cut_page',
  'same_cursor',
  'blank_openid',
  'reversed',
  'without_unionid',
  'not_following',
  'empty_rows',
  'missing_rows',
  'shifted_unionids',
] as const
export type NamedFaultAction = (typeof namedFaultActions)[number]

/** Only calls that carry this openid (anywhere in the query or the body), this template id, and more openids than that. */
export interface FaultMatch extends RuleMatch {
  /** Of a batch: `{moreThan: 50}` with `{errcode: 40032}` is a WeChat that takes 50. */
  moreThan?: number | undefined
}

/** One scripted fault; its cases are calls. */
export interface Fault extends Recurrence {
  /** A path, or with a slash at the end all paths that begin so; default: every path but the control ones. */
  path?: string | undefined
  action: FaultAction
  match?: FaultMatch | undefined
  /**
   * Whether the call takes effect although its answer is spoilt: with `{errcode}`, `status`, `html`, `garbage`, `empty`, `hang`
   * and `endless`, default no (40252: yes). The other actions decide it themselves.
   */
  accepted?: boolean | undefined
  /** Pace of `drip`; default 100. */
  everyMs?: number | undefined
}
