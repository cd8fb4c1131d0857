import { expect, test } from 'vitest'
import { audit, type Books } from './audit.ts'
import { countMostStalls } from './redis.ts'

const row = {
  id: 'p1',
  status: 'sent',
  reason: null,
  openid: 'o1',
  msgid: '4012345678901234567',
  errcode: null,
  attempts: 1,
  finished_at: 1,
}
const message = { pushId: 'p1', openid: 'o1', clientMsgId: 'c1', msgid: row.msgid }
const arrival = { pushId: 'p1', at: 0, errcode: 0 }
/** One push, asked for, accepted, recorded. */
const sound: Books = {
  caller: [{ id: 'p1', openid: 'o1', told: ['unavailable', 'queued'] }],
  accepted: [message],
  receipts: [],
  arrivals: [arrival],
  rows: [row],
  jobsLeft: 0,
  lost: new Set(),
  forgotten: new Set(),
  lostReceipts: new Set(),
  settled: new Map([['p1', 1]]),
  lostLocks: 0,
  mishaps: 0,
  maxAttempts: 8,
}
const receipt = { msgid: row.msgid, status: 'success', isTaken: true }
const rejected = { ...row, status: 'rejected', reason: 'template_invalid', msgid: null, errcode: 40037 }

test('books that agree are sound', () => {
  expect(audit(sound)).toEqual([])
})

test.each<[string, Partial<Books>, RegExp]>([
  ['a queued push without a record', { rows: [], accepted: [], arrivals: [] }, /told it is queued/],
  [
    'a push that was sent without a record although the caller knows nothing',
    { rows: [], caller: [{ id: 'p1', openid: 'o1', told: ['unavailable'] }] },
    /it was sent, and there is no record/,
  ],
  ['two records of a push', { rows: [row, row] }, /2 records/],
  [
    'a record that is not final',
    { rows: [{ ...row, status: 'queued', finished_at: null }] },
    /queued, which is not final/,
  ],
  ['a final record without its time', { rows: [{ ...row, finished_at: null }] }, /not final/],
  ['a job that is left', { jobsLeft: 1 }, /1 jobs are left/],
  [
    'a push accepted twice',
    { accepted: [message, { ...message, msgid: '2' }], arrivals: [arrival, arrival], mishaps: 1 },
    /accepted 2 times/,
  ],
  [
    'a push sent under two names',
    { accepted: [message, { ...message, clientMsgId: 'c2' }] },
    /several client_msg_ids/,
  ],
  [
    'a call for a push that had its final record',
    { arrivals: [arrival, arrival], rows: [{ ...row, attempts: 2 }] },
    /called 1 times after its final record/,
  ],
  ['a push sent without a name', { accepted: [{ ...message, clientMsgId: undefined }] }, /without a client/],
  ['a push sent to somebody else', { accepted: [{ ...message, openid: 'o2' }] }, /somebody else/],
  ['a message nobody asked for', { accepted: [message, { ...message, pushId: 'p9' }] }, /by nobody/],
  ['a record nobody asked for', { rows: [row, { ...row, id: 'p9' }] }, /by nobody/],
  ['a msgid that is off by one digit', { rows: [{ ...row, msgid: '4012345678901234568' }] }, /msgid/],
  ['a record of a message that WeChat never had', { accepted: [] }, /WeChat gave none/],
  ['an accepted push that is called rejected', { rows: [rejected] }, /but WeChat accepted it/],
  [
    'a refusal that WeChat did not give',
    { rows: [rejected], accepted: [] },
    /errcode 40037, which WeChat did not say/,
  ],
  [
    'somebody reachable who is skipped',
    { rows: [{ ...row, status: 'skipped', reason: 'not_following' }], accepted: [] },
    /can be reached/,
  ],
  [
    'a call for somebody who is skipped',
    {
      caller: [{ id: 'p1', openid: undefined, told: ['queued'] }],
      rows: [{ ...row, status: 'skipped', reason: 'not_following' }],
      accepted: [],
    },
    /WeChat was called/,
  ],
  [
    'a push that is unknown without need',
    { rows: [{ ...row, status: 'unknown', reason: 'expired' }] },
    /unknown because of expired/,
  ],
  ['a receipt that was taken and is not on record', { receipts: [receipt] }, /not on record/],
  [
    'a delivery that no receipt told of',
    { rows: [{ ...row, status: 'delivered' }], receipts: [{ ...receipt, msgid: '2' }] },
    /delivered \(null\), which no receipt said/,
  ],
  [
    'a failure that the receipt did not tell of',
    { rows: [{ ...row, status: 'undelivered', reason: 'user_block' }], receipts: [receipt] },
    /undelivered \(user_block\), which no receipt said/,
  ],
  [
    'a delivery of a message that WeChat never had',
    { rows: [{ ...row, status: 'delivered' }], receipts: [receipt], accepted: [] },
    /delivered with msgid/,
  ],
  ['a try nobody made', { rows: [{ ...row, attempts: 2 }] }, /2 tries on record for 1 calls, 0 in doubt/],
  [
    'a try that is not on record',
    { arrivals: [arrival, arrival] },
    /1 tries on record for 2 calls, 0 in doubt/,
  ],
  [
    'a try spent on a refusal for pace',
    { arrivals: [{ ...arrival, errcode: 45011 }, arrival], rows: [{ ...row, attempts: 2 }] },
    /2 tries on record for 1 calls, 0 in doubt/,
  ],
  [
    'more tries than allowed',
    { arrivals: Array(9).fill(arrival), rows: [{ ...row, attempts: 9 }] },
    /allowed are 8/,
  ],
  [
    'tries called exhausted too early',
    {
      rows: [{ ...rejected, reason: 'retries_exhausted', errcode: -1 }],
      accepted: [],
      arrivals: [{ pushId: 'p1', at: 0, errcode: -1 }],
    },
    /given up after 1 tries/,
  ],
])('%s is a violation', (_, change, sentence) => {
  expect(audit({ ...sound, ...change })).toEqual(expect.arrayContaining([expect.stringMatching(sentence)]))
})

test.each<[string, Partial<Books>]>([
  [
    'a refusal for pace that cost no try',
    { arrivals: [{ ...arrival, errcode: 45011 }, arrival], settled: new Map([['p1', 2]]) },
  ],
  [
    'a push in doubt that was accepted twice and is called unknown',
    {
      accepted: [message, { ...message, msgid: '2' }],
      rows: [{ ...row, status: 'unknown', reason: 'ambiguous', msgid: null }],
    },
  ],
  ['a record that went with its file', { rows: [], lost: new Set(['p1']) }],
  ['a record that went with an empty Redis', { rows: [], forgotten: new Set(['p1']) }],
  [
    'a receipt that was posted and not taken, and is on record',
    { rows: [{ ...row, status: 'delivered' }], receipts: [{ ...receipt, isTaken: false }] },
  ],
  ['a receipt that went with its file', { receipts: [receipt], lostReceipts: new Set([row.msgid]) }],
  [
    'a try without an answer in an outage',
    { arrivals: [{ pushId: 'p1', at: 0, errcode: undefined }, arrival], settled: new Map([['p1', 2]]) },
  ],
  ['a try that a kill cut short', { rows: [{ ...row, attempts: 2 }], mishaps: 1 }],
  [
    'nothing of a push the queue did not take',
    {
      caller: [{ id: 'p1', openid: 'o1', told: ['unavailable'] }],
      rows: [],
      accepted: [],
      arrivals: [],
    },
  ],
])('%s is none', (_, change) => {
  expect(audit({ ...sound, ...change })).toEqual([])
})

test('locks that one outage took from a push twice are counted from what Redis wrote down', () => {
  const toCommand = (...words: string[]) =>
    [`*${words.length}`, ...words.flatMap((word) => [`$${word.length}`, word])].join('\r\n').concat('\r\n')
  const stall = (id: string) => toCommand('hincrby', `unionpush:{push-wx1}:${id}`, 'stc', '1')
  const start = toCommand('hincrby', 'unionpush:{push-wx1}:p1', 'ats', '1')
  expect(countMostStalls([start, stall('p1'), start, stall('p2'), stall('p1'), start].join(''))).toBe(2)
  expect(countMostStalls(start)).toBe(0)
})
