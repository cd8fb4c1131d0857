import { expect, test } from 'vitest'
import { auditBroadcast, type BroadcastBooks } from './broadcastAudit.ts'

const message = { pushId: 'b1', openid: 'o1', clientMsgId: 'c1', msgid: '41' }
const sent = { tag: 'b1', status: 'delivered', reason: null, msgid: '41' }
const skipped = { tag: 'b2', status: 'skipped', reason: 'not_following', msgid: null }
const sound: BroadcastBooks = {
  ...{ asked: 2, status: 'finished', selected: 2, rows: [sent, skipped] },
  counted: { delivered: 1, skipped: 1, sent: 0 },
  accepted: [message],
}

test('a broadcast whose books agree is sound', () => {
  expect(auditBroadcast(sound)).toEqual([])
  const cancelled = { ...sent, status: null, msgid: null }
  const books = { status: 'cancelled', rows: [cancelled, skipped], counted: { skipped: 1 }, accepted: [] }
  expect(auditBroadcast({ ...sound, ...books })).toEqual([])
})

test.each<[string, Partial<BroadcastBooks>, RegExp]>([
  ['somebody twice', { accepted: [message, { ...message, msgid: '42' }] }, /b1: accepted 2 times/],
  [
    'somebody by two client_msg_ids',
    { accepted: [message, { ...message, clientMsgId: 'c2' }] },
    /several client_msg_ids/,
  ],
  ['somebody who is no recipient', { accepted: [message, { ...message, pushId: 'b3' }] }, /b3 was sent to/],
  ['somebody who is skipped', { accepted: [message, { ...message, pushId: 'b2' }] }, /b2: ends as skipped/],
  ['nobody, and says so', { accepted: [] }, /msgid that WeChat did not give/],
  ['one less than asked', { rows: [sent] }, /1 recipients on record of 2/],
  ['one without an outcome', { rows: [sent, { ...skipped, status: null }] }, /1 have no outcome/],
  ['counts that are wrong', { counted: { delivered: 2 } }, /2 are counted as delivered, 1 are on record/],
  ['too many selected', { selected: 3 }, /3 selected of 2/],
  [
    'an unknown end for another reason',
    { rows: [{ ...sent, status: 'unknown', reason: 'data_invalid' }, skipped] },
    /unknown because of data_invalid/,
  ],
])('a broadcast that was sent to %s is told', (_, more, fault) => {
  expect(auditBroadcast({ ...sound, ...more }).join('\n')).toMatch(fault)
})
