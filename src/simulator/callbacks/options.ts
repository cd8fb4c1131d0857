export const callbackModes = ['plain', 'compatible', 'safe'] as const
export type CallbackMode = (typeof callbackModes)[number]

/** The server settings of the account's console, and how WeChat delivers. Times are milliseconds. */
export interface CallbackOptions {
  /** http or https. */
  url: string
  token: string
  /** 43 letters and digits. */
  encodingAesKey?: string | undefined
  /** Default: safe with an encodingAesKey, plain without. */
  mode?: CallbackMode | undefined
  /** From the acceptance of a message to its receipt; default 200. */
  receiptDelayMs?: number | undefined
  /** How long a whole answer may take; default 5,000, WeChat's rule. */
  timeoutMs?: number | undefined
  /** Between two of the three tries; how long WeChat waits is not published. Default 1,000. */
  retryDelayMs?: number | undefined
  /** So many events in a row that no try delivered bring the pause; WeChat's number is not published. Default 5. */
  pauseAfter?: number | undefined
  /** WeChat's "MarkFail": for so long, on the simulator's clock, events are lost. Default 60,000; 0 switches it off. */
  pauseMs?: number | undefined
  /** Posts under way at once; default 100. */
  concurrency?: number | undefined
}

/** How the URL check went. The console would refuse a URL that fails it; here it stays set and gets events all the same. */
export type CallbackCheck = { ok: true } | { ok: false; problem: string }

export interface CallbackState {
  url: string
  mode: CallbackMode
  /** Undefined while it is under way. */
  check: CallbackCheck | undefined
  isPaused: boolean
}
