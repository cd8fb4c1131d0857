import { expect, test } from 'vitest'
import { toPushRecord } from '../../src/push/toPushRecord.ts'
import { toPushRow } from '../db/pushRow.ts'

test('a record tells times in ISO 8601 and says null where nothing is known', () => {
  expect(
    toPushRecord(toPushRow({ msgid: '1226691075109289985', finishedAt: Date.UTC(2026, 10, 20) }), 'shop'),
  ).toEqual({
    id: 'p',
    account: 'shop',
    appid: 'wx1',
    unionid: 'u1',
    openid: 'o1',
    templateId: 't1',
    status: 'sending',
    reason: null,
    detail: null,
    msgid: '1226691075109289985',
    errcode: null,
    errmsg: null,
    rid: null,
    attempts: 1,
    seq: 1,
    createdAt: '1970-01-01T00:00:01.000Z',
    sentAt: null,
    finishedAt: '2026-11-20T00:00:00.000Z',
    next: null,
    broadcast: null,
  })
})
