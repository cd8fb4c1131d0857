import type { Recurrence } from './script.ts'

/**
 * What goes wrong with a call. The names say it; beyond them:
 * `{errcode}` has WeChat's usual text unless `errmsg` is given (a rid is added to both); 40252 of template/send holds the
 * message for review, so that it is accepted all the same and its receipt carries a msgid nobody was told;
 * `reset_before` drops the connection and the request is not handled, `reset_after` handles it, then drops the connection,
 * `reset_midway` does so in the middle of the answer;
 * `truncated` is half of the real answer as if it were whole, `drip` writes it byte by byte every `everyMs`;
 * `errcode_text` gives errcode as a string; `reversed` turns the list of a batchget round;
 * `{delayMs}` handles at once and answers late.
 */
export type FaultAction =
  | { errcode: number; errmsg?: string }
  | { status: number; body?: string }
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
  'reversed',
] as const
export type NamedFaultAction = (typeof namedFaultActions)[number]

/** One scripted fault; its cases are calls. */
export interface Fault extends Recurrence {
  /** A path, or with a slash at the end all paths that begin so; default: every path but the control ones. */
  path?: string
  action: FaultAction
  /** Only calls that carry this openid (anywhere in the query or the body) or this template id. */
  match?: { openid?: string; templateId?: string }
  /**
   * Whether the call takes effect although its answer is spoilt: with `{errcode}`, `status`, `html`, `garbage`, `empty`, `hang`
   * and `endless`, default no (40252: yes). The other actions decide it themselves.
   */
  accepted?: boolean
  /** Pace of `drip`; default 100. */
  everyMs?: number
}
