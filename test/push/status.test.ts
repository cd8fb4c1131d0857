import { expect, test } from 'vitest'
import { pushRecordSchema, toldRecordSchema } from '../../src/push/recordSchema.ts'
import {
  accountReasons,
  finalStatuses,
  hasEnded,
  isPushReason,
  isPushStatus,
  isReasonOf,
  pushReasons,
  pushStatuses,
} from '../../src/push/status.ts'
import { errcodes } from '../../src/wechat/errcodes/table.ts'

test('a push has ended in every status but those of one that is still to be sent', () => {
  expect(pushStatuses.filter((status) => hasEnded({ status }))).toEqual([...finalStatuses])
})

test('a word is a reason only of the statuses that have it', () => {
  expect([isReasonOf('sent', 'in_review'), isReasonOf('rejected', 'in_review')]).toEqual([true, false])
  expect([isPushReason('in_review'), isPushReason('quota_exhausted'), isPushReason('sent')]).toEqual([
    true,
    false,
    false,
  ])
  expect([isPushStatus('sent'), isPushStatus('in_review')]).toEqual([true, false])
})

test('no reason of an account or a message is without a code of WeChat', () => {
  const own = ['wechat_error', 'retries_exhausted', 'invalid_job', 'internal_error']
  const listed = [...accountReasons, ...pushReasons.sent, ...pushReasons.rejected]
  const coded = new Set<string>([...errcodes.values()].map(({ reason }) => reason))
  expect(listed.filter((reason) => !coded.has(reason))).toEqual(own)
})

test('a record that a worker of another version tells is read, whatever its words and fields', () => {
  const record = {
    id: 'p',
    account: 'wx1',
    unionid: null,
    openid: 'o1',
    templateId: 't',
    status: 'postponed',
    reason: 'holiday',
    detail: null,
    msgid: null,
    errcode: null,
    errmsg: null,
    rid: null,
    attempts: 0,
    createdAt: '2026-11-20T07:00:00.000Z',
    sentAt: null,
    finishedAt: null,
  }
  expect(toldRecordSchema.parse({ ...record, region: 'north' })).toEqual({
    ...record,
    appid: 'wx1',
    next: null,
    broadcast: null,
    seq: 0,
  })
  expect(() => toldRecordSchema.parse({ ...record, status: 1 })).toThrow()
  expect(() => pushRecordSchema.parse(record)).toThrow('status')
})
