import { randomBytes } from 'node:crypto'
import type { Audience, BroadcastRow, Broadcasts, NewRecipient } from '../../db/broadcasts/broadcasts.ts'
import { InvalidPushError } from '../../push/invalidPush.ts'
import { start } from '../start.ts'
import type { CheckedInput } from './input.ts'
import { createRecipientCheck, type InvalidRow } from './recipient.ts'
import { readAudienceFile, toAudienceRows } from './rows.ts'

const rowsAtOnce = 1_000

/** What was written of a broadcast that nobody sees yet. */
export interface Draft {
  no: number
  id: string
  selected: number
  isFilled: boolean
  invalid: InvalidRow[]
}

/** Writes all of it or, if it is killed, nothing that anybody will see. Rejects with InvalidPushError. */
export async function createBroadcast(
  broadcasts: Broadcasts,
  input: CheckedInput,
): Promise<{ row: BroadcastRow; invalid: InvalidRow[] }> {
  const { no, id, selected, isFilled, invalid } = await draftBroadcast(broadcasts, input)
  await broadcasts.publish(no, { status: 'scheduled', selected, isFilled, canarySize: null })
  const now = Date.now()
  if ((input.startAt ?? 0) <= now) await begin(broadcasts, id, now)
  return { row: await get(broadcasts, id), invalid }
}

export async function draftBroadcast(broadcasts: Broadcasts, input: CheckedInput): Promise<Draft> {
  const audience = await toAudience(broadcasts, input)
  const id = `b${Date.now().toString(36)}${randomBytes(3).toString('hex')}`
  const { templateId, name, startAt, expiresAt, rate, window, maxFailures } = input
  const no = await broadcasts.draft({
    ...{ id, name, templateId, audience, rate, window, maxFailures, startAt, expiresAt },
    message: JSON.stringify(input.template),
    canaryShare: input.canary,
    createdAt: Date.now(),
  })
  if (audience.kind === 'followers') {
    const selected = await broadcasts.countFollowers(audience)
    return { no, id, selected, isFilled: false, invalid: [] }
  }
  return { no, id, isFilled: true, ...(await addRows(broadcasts, no, input, audience.except)) }
}

/** `except`: number of a broadcast whose recipients are left out. */
async function addRows(broadcasts: Broadcasts, no: number, input: CheckedInput, except: number | undefined) {
  const check = createRecipientCheck(input.templateId, input.template, input.needed)
  const invalid: InvalidRow[] = []
  let selected = 0
  let batch: NewRecipient[] = []
  for await (const row of openRows(input)) {
    const recipient = check(row)
    if ('reason' in recipient) invalid.push(recipient)
    else if (batch.push(recipient) >= rowsAtOnce) await flush()
  }
  await flush()
  return { selected, invalid: invalid.sort((a, b) => a.line - b.line) }

  async function flush(): Promise<void> {
    const served = except === undefined ? undefined : await broadcasts.findServed(except, batch)
    const wanted = batch.filter(({ seq }) => !served?.has(seq))
    const duplicates = await broadcasts.addRecipients(no, wanted)
    selected += wanted.length - duplicates.length
    invalid.push(
      ...duplicates.map((line) => ({ line, reason: 'duplicate: an earlier line names the same person' })),
    )
    batch = []
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
    throw new InvalidPushError([
      { field: 'except', rule: 'the id of a broadcast of this account', given: id },
    ])
  }
  const except = other && { except: other.no }
  if ('file' in audience) return { kind: 'file', name: audience.file, ...except }
  if ('rows' in audience) return { kind: 'file', name: 'rows', ...except }
  if ('all' in audience) return { kind: 'followers', ...except }
  return { kind: 'followers', ...audience, ...except }
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
