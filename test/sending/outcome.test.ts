import { describe, expect, test } from 'vitest'
import { toBackoff } from '../../src/base/backoff.ts'
import { minute, second } from '../../src/base/duration.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { type Attempt, decide, pushBackoff } from '../../src/sending/processor/outcome.ts'
import { sendErrcodes } from '../../src/wechat/errcodes/exceptions.ts'
import { errcodes } from '../../src/wechat/errcodes/table.ts'
import { WechatApiError, WechatNetworkError } from '../../src/wechat/errors.ts'

const path = '/cgi-bin/message/template/send'
const tokenPath = '/cgi-bin/stable_token'
const first: Attempt = {
  attempts: 1,
  maxAttempts: 8,
  starts: 1,
  isUnclear: false,
  lastErrcode: null,
  isBelieved: false,
  hasLostTemplate: false,
  othersPass: true,
  concerns: 'account',
  isTrial: false,
  opensMiniprogram: false,
}
const refused = (errcode: number, more: Partial<Attempt> = {}, at = path) =>
  decide(new WechatApiError({ errcode, errmsg: 'x rid: 1-2-3', path: at }), { ...first, ...more }, 0)
const unanswered = (maybeReceived: boolean, more: Partial<Attempt> = {}, at = path) =>
  decide(
    new WechatNetworkError({
      kind: 'timeout',
      path: at,
      detail: say('network.timeout', { ms: '15000' }),
      maybeReceived,
    }),
    { ...first, ...more },
    0,
  )

test('backoff doubles from 1 s to 60 s, of which chance takes up to a half', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((tries) => toBackoff(pushBackoff, tries, 0))
  expect(delays.map((delay) => delay / second)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  expect(toBackoff(pushBackoff, 3, 1)).toBe(2 * second)
})

describe('every documented errcode of template/send', () => {
  const expected = {
    T: 'retry',
    B: 'retry',
    Q: 'pause',
    A: 'pause',
    R: 'final',
    C: 'final',
    L: 'final',
    O: 'final',
  }
  /** WeChat has the message all the same. */
  const taken = [40252, 45065]
  test.each([...errcodes])('%i is treated as its class says', (code, documented) => {
    const row = sendErrcodes.get(code) ?? documented
    const outcome = refused(code, code === 40241 ? { lastErrcode: code } : {})
    expect(outcome.kind).toBe(taken.includes(code) ? 'sent' : expected[row.class])
    if (outcome.kind === 'pause') expect(outcome.reason).toBe(row.reason)
    if (outcome.kind === 'final') expect(outcome).toMatchObject({ status: 'rejected', reason: row.reason })
    if (outcome.kind === 'retry') expect(outcome.isUnclear).toBe(code === 45066)
  })
})

describe('a refusal', () => {
  test('for the token or the pace spends no try, however often it comes', () => {
    expect(refused(40001, { attempts: 8 })).toMatchObject({ kind: 'retry', counts: false })
    expect(refused(45011, { attempts: 8, starts: 50 })).toMatchObject({
      kind: 'retry',
      counts: false,
      signal: 'too_fast',
    })
  })

  test('45011 waits for the next minute', () => {
    const outcome = refused(45011)
    expect(outcome.kind === 'retry' && outcome.delay).toBeGreaterThanOrEqual(minute)
  })

  test.each([{}, { isUnclear: true, attempts: 8 }])(
    'that says WeChat has the message makes it sent, with its msgid if there is one (%j)',
    (more) => {
      expect(refused(40252, more)).toMatchObject({ accepted: { reason: 'in_review', msgid: null } })
      expect(refused(45065, more)).toMatchObject({ accepted: { reason: 'already_sent', msgid: null } })
      const named = new WechatApiError({ errcode: 45065, errmsg: '', path, msgid: '1226691075109289985' })
      expect(decide(named, { ...first, ...more }, 0)).toMatchObject({
        kind: 'sent',
        accepted: { msgid: '1226691075109289985', reason: null, detail: null },
      })
    },
  )

  test('45066 waits a minute, spends no try and leaves the earlier try in doubt', () => {
    const outcome = refused(45066, { attempts: 8, isUnclear: true })
    expect(outcome).toMatchObject({ kind: 'retry', counts: false, isUnclear: true })
    expect(outcome).not.toHaveProperty('signal')
    expect(outcome.kind === 'retry' && outcome.delay).toBeGreaterThanOrEqual(minute)
  })

  test.each([-1, 20001])(
    '%i backs off, slows the account down and ends when the tries are used up',
    (code) => {
      expect(refused(code)).toMatchObject({ kind: 'retry', counts: true, delay: second, signal: 'busy' })
      expect(refused(code, { attempts: 8 })).toMatchObject({
        status: 'rejected',
        reason: 'retries_exhausted',
      })
    },
  )

  test.each([-1, 20001])('%i spends no try while others get it too', (code) => {
    expect(refused(code, { attempts: 8, starts: 3, othersPass: false })).toMatchObject({
      kind: 'retry',
      counts: false,
      delay: 4 * second,
      signal: 'busy',
    })
  })

  test('at the end of the tries is not called a rejection when an earlier try is in doubt', () => {
    expect(refused(20001, { attempts: 8, isUnclear: true })).toMatchObject({
      status: 'unknown',
      reason: 'ambiguous',
    })
  })

  test('for good ends the push even if an earlier try is in doubt: that one met the same content', () => {
    expect(refused(47003, { isUnclear: true })).toMatchObject({ status: 'rejected', reason: 'data_invalid' })
  })

  test.each([43004, 43019, 40003, 40037, 40036, 43100, 48011, 45026, 40029, 76001])(
    '%i is not called a rejection when an earlier try is in doubt: it may hold only since then',
    (code) => {
      expect(refused(code, { isUnclear: true })).toMatchObject({ status: 'unknown', reason: 'ambiguous' })
      expect(refused(code)).toMatchObject({ status: 'rejected' })
    },
  )

  test('with a code nobody documents is not called a rejection when an earlier try is in doubt', () => {
    const last = { isUnclear: true, attempts: 3 }
    expect(refused(99_999, last)).toMatchObject({ status: 'unknown', reason: 'ambiguous' })
    expect(refused(99_999, { ...last, attempts: 2 })).toMatchObject({ kind: 'retry' })
  })

  test.each([40037, 40003])(
    '%i of something WeChat told us of gets one second look, half a minute later',
    (code) => {
      const outcome = refused(code, { isBelieved: true })
      expect(outcome).toMatchObject({ kind: 'retry', counts: true })
      expect(outcome.kind === 'retry' && outcome.delay).toBeGreaterThanOrEqual(30 * second)
      expect(refused(code, { isBelieved: true, lastErrcode: code, attempts: 2 })).toMatchObject({
        status: 'rejected',
      })
      expect(refused(code)).toMatchObject({ status: 'rejected' })
      expect(refused(code, { isBelieved: true, maxAttempts: 1 })).toMatchObject({ status: 'rejected' })
    },
  )

  test('40241, the same message a moment ago, gets one more try a minute later', () => {
    const outcome = refused(40241)
    expect(outcome).toMatchObject({ kind: 'retry', counts: true })
    expect(outcome.kind === 'retry' && outcome.delay).toBeGreaterThanOrEqual(minute)
    expect(refused(40241, { lastErrcode: 40241, attempts: 2 })).toMatchObject({ reason: 'recipient_limit' })
    expect(refused(40241, { maxAttempts: 1 })).toMatchObject({ reason: 'recipient_limit' })
  })

  test('says that the user has left only where it means that', () => {
    expect(refused(43004)).toMatchObject({ hasLeft: true, reason: 'recipient_invalid' })
    expect(refused(50005)).toMatchObject({ hasLeft: true })
    expect(refused(43019)).toMatchObject({ hasLeft: false, reason: 'recipient_blocked' })
  })

  test('with a code nobody documents gets three tries', () => {
    expect(refused(99_999, { attempts: 2 })).toMatchObject({ kind: 'retry', counts: true })
    expect(refused(99_999, { attempts: 3 })).toMatchObject({ status: 'rejected', reason: 'wechat_error' })
    expect(refused(99_999, { attempts: 2, maxAttempts: 2 })).toMatchObject({ status: 'rejected' })
  })
})

describe('a refusal that may concern one push alone', () => {
  const own = [
    { code: 50002, more: {}, reason: 'recipient_invalid' },
    { code: 40013, more: { opensMiniprogram: true }, reason: 'miniprogram_invalid' },
  ]

  test.each(own)('$code ends the push as $reason when others are accepted', ({ code, more, reason }) => {
    expect(refused(code, { ...more, concerns: 'push' })).toMatchObject({ status: 'rejected', reason })
    const early = refused(code, { ...more, concerns: 'unclear', attempts: 2 })
    expect(early).toMatchObject({ kind: 'retry', counts: true, delay: 2 * second })
    expect(refused(code, { ...more, concerns: 'account', attempts: 8 })).toMatchObject({
      kind: 'pause',
      counts: false,
    })
  })

  test.each(own)(
    '$code costs a try when it tries a paused account, and ends it at last',
    ({ code, more, reason }) => {
      const trial = { ...more, concerns: 'account', isTrial: true } as const
      expect(refused(code, { ...trial, attempts: 7 })).toMatchObject({ kind: 'pause', counts: true })
      expect(refused(code, { ...trial, attempts: 8 })).toMatchObject({ status: 'rejected', reason })
    },
  )

  test('50002 is not called a rejection when an earlier try is in doubt', () => {
    expect(refused(50002, { concerns: 'push', isUnclear: true })).toMatchObject({ status: 'unknown' })
    const withMiniprogram = { concerns: 'push', isUnclear: true, opensMiniprogram: true } as const
    expect(refused(40013, withMiniprogram)).toMatchObject({ status: 'unknown', reason: 'ambiguous' })
  })

  test.each([48001, 48004, 43107, 45109, 40013])(
    '%i, which says nothing about a push, ends it when the tries are used up while others are accepted',
    (code) => {
      expect(refused(code, { concerns: 'unclear', attempts: 8 })).toMatchObject({
        kind: 'retry',
        counts: false,
      })
      expect(refused(code, { concerns: 'push', attempts: 7 })).toMatchObject({ kind: 'retry', counts: true })
      expect(refused(code, { concerns: 'push', attempts: 8 })).toMatchObject({ reason: 'retries_exhausted' })
      expect(refused(code, { concerns: 'account', isTrial: true, attempts: 8 })).toMatchObject({
        kind: 'pause',
        counts: false,
      })
    },
  )

  test.each([40164, 45009])('never %i, which is about the account alone', (code) => {
    expect(refused(code, { concerns: 'unclear' })).toMatchObject({ kind: 'pause' })
  })
})

describe('where the token is fetched nothing is said about the push:', () => {
  test.each([40001, 40125, 40164, 89503, 47001, 99_999])('%i pauses the account', (code) => {
    expect(refused(code, {}, tokenPath)).toMatchObject({ kind: 'pause' })
  })

  test('a busy platform or a lost answer spends no try', () => {
    expect(refused(-1, { attempts: 8 }, tokenPath)).toMatchObject({ kind: 'retry', counts: false })
    expect(unanswered(true, { attempts: 8 }, tokenPath)).toMatchObject({
      kind: 'retry',
      counts: false,
      isUnclear: false,
      signal: 'out_of_reach',
    })
  })
})

describe('a call without a usable answer', () => {
  test('that never left spends no try', () => {
    expect(unanswered(false, { attempts: 8, starts: 30 })).toMatchObject({
      kind: 'retry',
      counts: false,
      isUnclear: false,
      signal: 'out_of_reach',
      delay: minute,
    })
  })

  test('that may have been accepted counts, and in the end nobody knows', () => {
    expect(unanswered(true, { attempts: 3 })).toMatchObject({ kind: 'retry', counts: true, isUnclear: true })
    expect(unanswered(true, { attempts: 9, othersPass: false })).toMatchObject({
      kind: 'retry',
      counts: false,
      isUnclear: true,
      signal: 'out_of_reach',
    })
    expect(unanswered(true, { attempts: 8 })).toMatchObject({ status: 'unknown', reason: 'ambiguous' })
  })
})
