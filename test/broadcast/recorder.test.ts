import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { verbatim } from '../../src/base/sentences/sentence.ts'
import { createRecorder } from '../../src/broadcast/recorder.ts'
import type { RecipientOutcome } from '../../src/db/broadcasts/recipients.ts'
import { DatabaseError } from '../../src/db/databaseError.ts'

const outcome = (seq: number): RecipientOutcome => ({
  ...{ seq, openid: null, status: 'sent', reason: null, detail: null, msgid: `${seq}`, errcode: null },
  ...{ errmsg: null, rid: null, attempts: 1, generation: 0, sentAt: 5_000, finishedAt: 5_000 },
  wasRetried: false,
})

function open(write: (seqs: number[]) => Promise<void>) {
  const writes: string[] = []
  const retried: number[] = []
  const record = createRecorder({
    broadcasts: {
      async record(no, outcomes) {
        const seqs = outcomes.map(({ seq }) => seq)
        writes.push(`${no}: ${seqs}`)
        await write(seqs)
      },
    },
    async retryWrite(again) {
      retried.push(1)
      await again().catch(() => again())
    },
  })
  return { record, writes, retried }
}

test('outcomes of one moment are written together, by broadcast, and those of a write under way come after it', async () => {
  let proceed = () => {}
  const gate = new Promise<void>((resolve) => {
    proceed = resolve
  })
  const { record, writes } = open(() => gate)
  const first = [record(1, outcome(1)), record(1, outcome(2)), record(2, outcome(1))]
  await turn()
  await turn()
  expect(writes).toEqual(['1: 1,2', '2: 1'])
  const later = [record(1, outcome(3))]
  await turn()
  later.push(record(1, outcome(4)))
  await turn()
  expect(writes).toHaveLength(2)
  proceed()
  await Promise.all([...first, ...later])
  expect(writes).toEqual(['1: 1,2', '2: 1', '1: 3,4'])
})

test('of outcomes that could not be written together each is repeated, and the next ones do not wait for that', async () => {
  let proceed = () => {}
  const gate = new Promise<void>((resolve) => {
    proceed = resolve
  })
  const { record, writes, retried } = open(async (seqs) => {
    if (seqs.length > 1) throw new DatabaseError('failed', verbatim('odd'))
    if (seqs[0] === 1) await gate
  })
  const first = Promise.all([record(1, outcome(1)), record(1, outcome(2))])
  await turn()
  await turn()
  expect(retried).toHaveLength(2)
  await record(1, outcome(3))
  expect(writes).toEqual(['1: 1,2', '1: 1', '1: 2', '1: 3'])
  proceed()
  await first
})

test('what is no fault of the database is told to all of them', async () => {
  const { record } = open(() => Promise.reject(new TypeError('wrong')))
  const written = [record(1, outcome(1)), record(1, outcome(2))]
  for (const one of written) await expect(one).rejects.toThrow('wrong')
})
