import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { minute } from '../../base/duration.ts'
import { render } from '../../base/sentences/render.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { BroadcastIdTaken, type Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { NewRecipient } from '../../db/broadcasts/recipients.ts'
import type { Audience, BroadcastRow, NewBroadcast } from '../../db/broadcasts/row.ts'
import { InvalidPushError } from '../../push/invalidPush.ts'
import type { Quota } from '../../wechat/types.ts'
import type { CreatedBroadcast } from '../answers.ts'
import { withoutReserve } from '../pace/quota.ts'
import { start } from '../start.ts'
import type { CheckedInput } from './input.ts'
import { createRecipientCheck } from './recipient.ts'
import { readAudienceFile, toAudienceRows } from './rows.ts'
import { type SkippedRow, tellLeftOut, tellUnreachable, toInvalid, toSkipped } from './skipped.ts'

const rowsAtOnce = 1_000
/** Rows that cannot be used as an answer holds them; `onSkipped` is told of all. */
const mostInvalid = 100_000

/** What was written of a broadcast that nobody sees yet. */
export interface Draft {
  no: number
  id: string
  selected: number
  isFilled: boolean
  invalid: CreatedBroadcast['invalid']
  invalidTotal: number
}

/**
 * Writes all of it or, if it is killed, nothing that anybody will see. Rejects with InvalidPushError, and with
 * BroadcastIdTaken when there is one of that id.
 */
export async function createBroadcast(
  broadcasts: Broadcasts,
  input: CheckedInput,
  quota: Promise<Quota | undefined>,
  id = toRandomId(),
): Promise<Pick<Draft, 'invalid' | 'invalidTotal'> & { row: BroadcastRow }> {
  const { no, selected, isFilled, invalid, invalidTotal } = await draftBroadcast(broadcasts, input, id)
  if (!(await broadcasts.publish(no, { status: 'scheduled', selected, isFilled, canarySize: null }))) {
    // What was written since it was dropped.
    await broadcasts.drop(no)
    throw new BroadcastIdTaken()
  }
  await keepQuota(broadcasts, id, await quota)
  const now = Date.now()
  if ((input.startAt ?? 0) <= now) await begin(broadcasts, id, now)
  return { row: await get(broadcasts, id), invalid, invalidTotal }
}

export async function draftBroadcast(
  broadcasts: Broadcasts,
  input: CheckedInput,
  id = toRandomId(),
): Promise<Draft> {
  const { audience, ...fields } = await toNewBroadcast(broadcasts, input, id)
  const no = await broadcasts.draft({ ...fields, audience })
  try {
    if (audience.kind === 'file') {
      return { no, id, isFilled: true, ...(await addRows(broadcasts, no, input, audience.except)) }
    }
    const selected = await broadcasts.countFollowers(audience)
    const { onSkipped, language } = input
    if (onSkipped) await tellLeftOut(broadcasts, audience, { onSkipped, language })
    return { no, id, selected, isFilled: false, invalid: [], invalidTotal: 0 }
  } catch (error) {
    // So that its id is free again; what cannot be dropped now is purged with those that were killed.
    await broadcasts.drop(no).catch(() => {})
    throw error
  }
}

/** Whether that one says what the input says; the rows of its file are not compared. */
export async function isSameBroadcast(
  broadcasts: Broadcasts,
  row: BroadcastRow,
  input: CheckedInput,
): Promise<boolean> {
  const asked = await toNewBroadcast(broadcasts, input, row.id)
  const toContent = ({ name, templateId, message, audience, ...rest }: NewBroadcast) => ({
    ...{ name, templateId, message: JSON.parse(message), audience: JSON.parse(JSON.stringify(audience)) },
    ...{ rate: rest.rate, window: rest.window, canaryShare: rest.canaryShare, maxFailures: rest.maxFailures },
  })
  return (
    isDeepStrictEqual(toContent(row), toContent(asked)) &&
    isSameTime(row.startAt, asked.startAt) &&
    isSameTime(row.expiresAt, asked.expiresAt)
  )
}

/** As far as the clocks of this machine and the database's agree. */
function isSameTime(one: number | null, other: number | null): boolean {
  return one === null || other === null ? one === other : Math.abs(one - other) < minute
}

async function toNewBroadcast(
  broadcasts: Broadcasts,
  input: CheckedInput,
  id: string,
): Promise<NewBroadcast> {
  const { templateId, name, startAt, expiresAt, rate, window, maxFailures } = input
  return {
    ...{ id, name, templateId, rate, window, maxFailures, startAt, expiresAt },
    audience: await toAudience(broadcasts, input),
    message: JSON.stringify(input.template),
    canaryShare: input.canary,
    createdAt: Date.now(),
  }
}

function toRandomId(): string {
  return `b${Date.now().toString(36)}${randomBytes(3).toString('hex')}`
}

/** `except`: number of a broadcast whose recipients are left out. */
async function addRows(broadcasts: Broadcasts, no: number, input: CheckedInput, except: number | undefined) {
  const check = createRecipientCheck(input.templateId, input.template, input.needed)
  const { language } = input
  const inWords = (sentence: Sentence) => render(sentence, language).seen
  const invalid: Draft['invalid'] = []
  let invalidTotal = 0
  let selected = 0
  let batch: NewRecipient[] = []
  let skipped: SkippedRow[] = []
  for await (const row of openRows(input)) {
    const recipient = check(row)
    if ('reason' in recipient) skipped.push(toInvalid(row, inWords(recipient.reason)))
    else batch.push(recipient)
    if (batch.length + skipped.length >= rowsAtOnce) await flush()
  }
  await flush()
  const { onSkipped } = input
  if (onSkipped) await tellUnreachable(broadcasts, no, { onSkipped, language })
  return { selected, invalid, invalidTotal }

  async function flush(): Promise<void> {
    const served = except === undefined ? undefined : await broadcasts.findServed(except, batch)
    const wanted = batch.filter(({ seq }) => !served?.has(seq))
    const repeated = new Set(await broadcasts.addRecipients(no, wanted))
    selected += wanted.length - repeated.size
    for (const recipient of batch) {
      if (served?.has(recipient.seq)) skipped.push(toSkipped(recipient, 'except', language))
      if (repeated.has(recipient.seq)) skipped.push(toSkipped(recipient, 'duplicate', language))
    }
    for (const row of skipped.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))) {
      if (row.reason !== 'except') keepInvalid(row)
      await input.onSkipped?.(row)
    }
    batch = []
    skipped = []
  }

  function keepInvalid({ line, reason, detail }: SkippedRow): void {
    invalidTotal += 1
    if (invalid.length === mostInvalid) return
    const told = reason === 'duplicate' ? inWords(say('line.duplicate', { detail })) : detail
    invalid.push({ line: line ?? 0, reason: told })
  }
}

function openRows({ audience, needed }: CheckedInput) {
  if ('file' in audience) return readAudienceFile(audience.file, needed)
  if ('rows' in audience) return toAudienceRows(audience.rows)
  throw new Error('followers have no rows')
}

async function toAudience(broadcasts: Broadcasts, { audience, except: id }: CheckedInput): Promise<Audience> {
  const other = id === undefined ? undefined : await broadcasts.find(id)
  if (id !== undefined && !other) {
    throw new InvalidPushError([{ field: 'except', rule: say('broadcast.otherOfAccount'), given: id }])
  }
  const except = other && { except: other.no }
  if ('file' in audience) return { kind: 'file', name: audience.file, ...except }
  if ('rows' in audience) return { kind: 'file', name: 'rows', ...except }
  if ('all' in audience) return { kind: 'followers', ...except }
  return { kind: 'followers', ...audience, ...except }
}

/** So that it can be told at once when it ends; whoever sends asks again. */
async function keepQuota(broadcasts: Broadcasts, id: string, quota: Quota | undefined): Promise<void> {
  if (!quota) return
  const { dailyLimit, remain } = quota
  const row = await get(broadcasts, id)
  const cap = row.startAt === null ? { cap: withoutReserve(remain, dailyLimit) } : {}
  await broadcasts.change(row, { dailyLimit, ...cap })
}

async function begin(broadcasts: Broadcasts, id: string, now: number): Promise<void> {
  await start(broadcasts, await get(broadcasts, id), now)
  const row = await get(broadcasts, id)
  if (row.selected > 0 || row.status !== 'running') return
  await broadcasts.change(row, { status: 'finished', isFilled: true, finishedAt: now })
}

async function get(broadcasts: Broadcasts, id: string): Promise<BroadcastRow> {
  const row = await broadcasts.find(id)
  if (!row) throw new Error(`broadcast ${id} has gone`)
  return row
}
