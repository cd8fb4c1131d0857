import { mix } from '../ids.ts'
import type { AcceptedMessage } from './acceptedMessage.ts'
import { createRecentSends } from './recentSends.ts'

interface AcceptedMessagesOptions {
  seed: number
  /** Part of the msgids, so that a simulator started again gives new ones. */
  startedAt: number
  /** 0 switches the rule off; repeats are counted all the same. */
  dedupeWindowMs: number
  keepAccepted: boolean
  onAccepted?: ((message: AcceptedMessage) => void) | undefined
}

/** A message as it came, kept small; `toMessage` makes the public form of it. */
export interface Submission {
  openid: string
  clientMsgId: string | undefined
  templateId: string
  data: Record<string, unknown>
  url: string | undefined
  miniprogram: { appid: string; pagepath: string | undefined } | undefined
  at: number
  token: string
}

export type AcceptedMessages = ReturnType<typeof createAcceptedMessages>

/** With the rule switched off repeats are still counted. */
const usualWindowMs = 600_000

/** One window's worth of messages. */
interface Generation {
  startedAt: number
  /** By (openid, client_msg_id). */
  recent: ReturnType<typeof createRecentSends>
  /** Keys that came more than once. */
  sends: Map<string, number>
}

/** What was accepted, and which client_msg_id was seen when: the memory behind the ten-minute rule. */
export function createAcceptedMessages({
  seed,
  startedAt,
  dedupeWindowMs,
  keepAccepted,
  onAccepted,
}: AcceptedMessagesOptions) {
  const windowMs = dedupeWindowMs || usualWindowMs
  const prefix = String(100_000_000 + (mix(seed + startedAt) % 800_000_000))
  const kept: { msgid: string; submission: Submission }[] = []
  const counts = { accepted: 0, duplicates: 0, maxSends: 0 }
  let current = startGeneration(0)
  let previous = current

  function startGeneration(startedAt: number): Generation {
    return { startedAt, recent: createRecentSends(startedAt), sends: new Map() }
  }

  /** 19 digits, above 2^53 and within 63 bits, spread so that rounding to a double never hits another message. */
  function toMsgid(number: number): string {
    return prefix + String(mix(number ^ seed)).padStart(10, '0')
  }

  function findWithin(generation: Generation, key: string, at: number): number | undefined {
    const known = generation.recent.find(key)
    return known && known.at + windowMs > at ? known.number : undefined
  }

  return {
    counts,

    /** The msgid that this openid and client_msg_id got within the window; undefined means it is to be sent. */
    findDuplicate(openid: string, clientMsgId: string, at: number): string | undefined {
      const key = `${openid}\n${clientMsgId}`
      let generation = current
      let number = findWithin(current, key, at)
      if (number === undefined && previous !== current) {
        generation = previous
        number = findWithin(previous, key, at)
      }
      if (number === undefined) return undefined
      const sends = (generation.sends.get(key) ?? 1) + 1
      generation.sends.set(key, sends)
      counts.maxSends = Math.max(counts.maxSends, sends)
      if (dedupeWindowMs === 0) return undefined
      counts.duplicates++
      return toMsgid(number)
    },

    accept(submission: Submission): string {
      const { at, openid, clientMsgId } = submission
      if (at >= current.startedAt + windowMs) {
        previous = current
        current = startGeneration(at)
      }
      const number = counts.accepted++
      const msgid = toMsgid(number)
      if (clientMsgId !== undefined) {
        current.recent.set(`${openid}\n${clientMsgId}`, number, at)
        counts.maxSends = Math.max(counts.maxSends, 1)
      }
      if (keepAccepted) kept.push({ msgid, submission })
      onAccepted?.(toMessage(msgid, submission))
      return msgid
    },

    *accepted(): Generator<AcceptedMessage> {
      for (const { msgid, submission } of kept) yield toMessage(msgid, submission)
    },
  }
}

function toMessage(msgid: string, submission: Submission): AcceptedMessage {
  const data: Record<string, string> = {}
  for (const [key, entry] of Object.entries(submission.data)) {
    const value = typeof entry === 'object' && entry !== null && 'value' in entry ? entry.value : entry
    data[key] = String(value)
  }
  return { msgid, ...submission, data }
}
