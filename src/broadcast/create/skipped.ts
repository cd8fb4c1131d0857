import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { NewRecipient } from '../../db/broadcasts/recipients.ts'
import type { Audience } from '../../db/broadcasts/row.ts'
import { idPattern } from './recipient.ts'
import type { AudienceRow } from './rows.ts'

/** One who gets no message as far as is known, and why. */
export interface SkippedRow {
  /** Of a file or an iterable; followers have none. */
  line: number | null
  unionid: string | null
  openid: string | null
  /** The first two are no recipients, nor is `except`, who got the broadcast of that name; `not_following` is one. */
  reason: 'invalid' | 'duplicate' | 'except' | 'not_following'
  detail: string
}

/** Waited for, so that a slow one is not overrun. */
export type OnSkipped = (row: SkippedRow) => void | Promise<void>

const details = {
  duplicate: say('skipped.duplicate'),
  except: say('skipped.except'),
  not_following: say('skipped.not_following'),
} as const

export function toInvalid(row: AudienceRow, detail: string): SkippedRow {
  const { unionid, openid } = 'values' in row ? row.values : {}
  return { line: row.line, unionid: toId(unionid), openid: toId(openid), reason: 'invalid', detail }
}

export function toSkipped(
  { seq, unionid, openid }: { seq: number | null } & Pick<NewRecipient, 'unionid' | 'openid'>,
  reason: keyof typeof details,
  language: Language,
): SkippedRow {
  return { line: seq, unionid, openid, reason, detail: render(details[reason], language).seen }
}

/** Tells of the recipients of a draft who cannot be sent to. */
export async function tellUnreachable(
  broadcasts: Pick<Broadcasts, 'unreachable'>,
  no: number,
  { onSkipped: tell, language }: { onSkipped: OnSkipped; language: Language },
): Promise<void> {
  for await (const recipient of broadcasts.unreachable(no)) {
    await tell(toSkipped(recipient, 'not_following', language))
  }
}

/** Tells of the followers of an audience who are left out of it. */
export async function tellLeftOut(
  broadcasts: Pick<Broadcasts, 'leftOut'>,
  audience: Audience,
  { onSkipped: tell, language }: { onSkipped: OnSkipped; language: Language },
): Promise<void> {
  for await (const { openid, unionid } of broadcasts.leftOut(audience)) {
    await tell(toSkipped({ seq: null, openid, unionid }, 'except', language))
  }
}

/** What is no id may be anything, and stays out. */
function toId(value: unknown): string | null {
  return typeof value === 'string' && idPattern.test(value.trim()) ? value.trim() : null
}
