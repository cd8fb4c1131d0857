import type { PushRow } from '../../src/db/pushes.ts'

/** A push by unionid whose first try is under way. */
export function toPushRow(more: Partial<PushRow> = {}): PushRow {
  return {
    id: 'p',
    appid: 'wx1',
    unionid: 'u1',
    openid: 'o1',
    templateId: 't1',
    status: 'sending',
    reason: null,
    detail: null,
    msgid: null,
    errcode: null,
    errmsg: null,
    rid: null,
    attempts: 1,
    seq: 1,
    generation: 0,
    unknownSince: 1_000,
    jobId: null,
    message: '{}',
    createdAt: 1_000,
    expiresAt: null,
    heldFor: null,
    heldAt: null,
    place: null,
    sentAt: null,
    finishedAt: null,
    ...more,
  }
}
