import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'

/** Why a request was not taken: its HTTP status and the sentence for whoever reads the log. */
const refusals = {
  unknown_account: { status: 404, detail: 'the path names no account that is configured' },
  method: { status: 405, detail: 'WeChat uses GET and POST' },
  content_type: { status: 415, detail: 'service accounts post XML only' },
  too_large: { status: 413, detail: 'the body is larger than 64 KB' },
  query: { status: 403, detail: 'signature, timestamp or nonce is missing or given twice' },
  timestamp: { status: 403, detail: "the timestamp is more than an hour off this machine's clock" },
  signature: { status: 403, detail: 'the signature does not fit the Token that is set here' },
  unencrypted: {
    status: 403,
    detail: 'an EncodingAESKey is set here, so only encrypted messages are taken',
  },
  no_key: { status: 403, detail: 'the message is encrypted and no EncodingAESKey is set here' },
  cipher: {
    status: 400,
    detail: 'the message cannot be opened: another EncodingAESKey, another account, or damaged',
  },
  xml: { status: 400, detail: 'an EncodingAESKey is set here, and the body has no Encrypt' },
} as const

export type CallbackRefusal = keyof typeof refusals

/** What is wrong with a message that was well signed. */
const faults = {
  unreadable:
    'the message is not well-formed XML, has hundreds of elements, or holds a DOCTYPE, an entity or an attribute',
  fields: 'the message lacks a field that such messages have, or one is malformed',
} as const

export type Unusable = keyof typeof faults

export type Refusals = ReturnType<typeof createRefusals>

const linesPerSecond = 20

/** Event names are short; what is longer is none. */
const maxEventName = 64

/** Counts requests of no use by reason, with one warn line for each; a flood must not fill the disk with them. */
export function createRefusals(log: Log, now: () => number = Date.now) {
  const counts = new Map<CallbackRefusal | Unusable, number>()
  let windowStart = 0
  let lines = 0
  let unlogged = 0

  function count(
    reason: CallbackRefusal | Unusable,
    fields: Record<string, unknown>,
    sentence: string,
  ): void {
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
    if (now() - windowStart >= second) {
      windowStart = now()
      lines = 0
    }
    if (lines < linesPerSecond) {
      log.warn({ reason, ...fields, unlogged }, sentence)
      lines += 1
      unlogged = 0
    } else {
      unlogged += 1
    }
  }

  return {
    counts,

    /** @returns the HTTP status to answer with. */
    record(reason: CallbackRefusal, appid: string | undefined): number {
      const { status, detail } = refusals[reason]
      count(reason, { appid, detail }, 'callback refused')
      return status
    },

    /** For a message that is answered with `success` all the same. */
    recordUnusable(reason: Unusable, appid: string | undefined, event: string | undefined): void {
      const name = event?.slice(0, maxEventName)
      count(reason, { appid, event: name, detail: faults[reason] }, 'callback message cannot be used')
    },
  }
}
