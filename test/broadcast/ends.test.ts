import { expect, test } from 'vitest'
import { parseWindow } from '../../src/base/dayWindow.ts'
import { hour } from '../../src/base/duration.ts'
import { planEnd } from '../../src/broadcast/pace/ends.ts'
import { estimateEnd } from '../../src/broadcast/pace/estimate.ts'
import { toEndsText } from '../../src/cli/broadcast/ends.ts'
import { toPlanText } from '../../src/cli/broadcast/text.ts'

const timezone = 'Asia/Shanghai'
/** A Monday. */
const at = (text: string) => Date.parse(`2026-11-30T${text}+08:00`)
const days = (n: number) => n * 24 * hour
const free = { window: undefined, timezone, quota: undefined }

test.each([
  ['without a limit, by the rate', 3_600, at('10:00'), { ...free, perSecond: 1 }, at('11:00')],
  [
    'by the quota of the days, the last one as far as it is needed',
    90_000 * 3 + 36_000,
    at('18:00'),
    { ...free, perSecond: 10, quota: { today: 90_000, daily: 90_000 } },
    days(3) + at('01:00'),
  ],
  [
    'nothing is left of today',
    3_600,
    at('18:00'),
    { ...free, perSecond: 1, quota: { today: -50, daily: 90_000 } },
    days(1) + at('01:00'),
  ],
  [
    'in its hours only, which are over for today',
    7_200,
    at('22:00'),
    { ...free, perSecond: 1, window: parseWindow('09:00-21:00') },
    days(1) + at('11:00'),
  ],
  [
    'in its hours, which end before it does',
    3 * 3_600,
    at('19:00'),
    { ...free, perSecond: 1, window: parseWindow('09:00-21:00') },
    days(1) + at('10:00'),
  ],
  [
    'hours that cross midnight, in which the next quota begins',
    3_600 + 1_800,
    at('22:00'),
    { ...free, perSecond: 1, window: parseWindow('22:00-02:00'), quota: { today: 3_600, daily: 3_600 } },
    days(1) + at('00:30'),
  ],
  ['at no pace', 1, at('10:00'), { ...free, perSecond: 0 }, undefined],
  [
    'a quota of nothing but the reserve',
    1,
    at('10:00'),
    { ...free, perSecond: 1, quota: { today: 0, daily: 0 } },
    undefined,
  ],
])('ends %s', (_, sends, now, pace, end) => {
  expect(estimateEnd(sends, now, now, pace)).toBe(end)
})

test('one that begins on another day has the quota of that day', () => {
  const pace = { ...free, perSecond: 1, quota: { today: 0, daily: 7_200 } }
  expect(estimateEnd(3_600, at('10:00'), days(2) + at('10:00'), pace)).toBe(days(2) + at('11:00'))
})

const account = { config: { timezone, pushConcurrency: 50, pushRate: 0 }, rate: null }
const row = { startAt: null, expiresAt: null, rate: null, window: null }
const quota = { dailyLimit: 100_000, used: 0, remain: 100_000 }

test('what the account is held to counts as much as its own rate, and it ends when it expires', () => {
  const now = at('10:00')
  const end = (own: number | null, pushRate: number, rate: number | null, expiresAt: number | null = null) =>
    planEnd(
      36_000,
      { ...row, rate: own, expiresAt },
      quota,
      {
        config: { ...account.config, pushRate },
        rate,
      },
      now,
    )
  expect(end(null, 10, null)).toBe(at('11:00'))
  expect(end(null, 20, 10)).toBe(at('11:00'))
  expect(end(10, 20, 20)).toBe(at('11:00'))
  expect(end(10, 0, null, at('10:30'))).toBe(at('10:30'))
  // 50 at once, a tenth of a second each.
  expect(end(null, 0, null)).toBe(at('10:02'))
})

test('the plan in words, in both languages', () => {
  const now = at('12:00')
  const end = planEnd(312_000, { ...row, rate: 1 }, quota, account, now)
  expect(new Date(end ?? 0).toISOString()).toBe('2026-12-03T18:40:00.000Z')
  const endsAt = new Date(Date.now() + days(3)).toISOString()
  const plan = {
    ...{
      selected: 312_000,
      sendable: 312_000,
      skipped: {},
      invalid: [],
      invalidTotal: 0,
      samples: [],
      endsAt,
    },
    quota: { limit: 100_000, used: 1_000, left: 99_000, days: 3 },
  }
  const format = (locale: string, weekday: 'long' | 'short') =>
    new Intl.DateTimeFormat(locale, { timeZone: timezone, weekday }).format(Date.parse(endsAt))
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeStyle: 'short' }).format(
    Date.parse(endsAt),
  )
  expect(toPlanText(plan, { language: 'en', timezone })).toBe(
    `99,000 of 100,000 sends are left today
312,000 recipients, 100,000 sends a day of which 10 % are kept for single pushes: ends on ${format('en-GB', 'long')} about ${time}`,
  )
  expect(toPlanText(plan, { language: 'zh', timezone })).toBe(
    `今天还剩 99,000 条，每天共 100,000 条
共 312,000 人，每天额度 100,000 条，其中 10% 留给单条推送，预计${format('zh-CN', 'short')} ${time} 左右发完`,
  )
  expect(toPlanText({ ...plan, sendable: 1, quota: null, endsAt: null }, { language: 'en', timezone })).toBe(
    '312,000 recipients, 1 of them can be sent to\n1 recipient: nobody knows when it ends',
  )
})

test('a day is called as people call it where the account lives', () => {
  const now = Date.now()
  const text = (ahead: number, language: 'en' | 'zh') =>
    toEndsText(new Date(now + ahead).toISOString(), { language, timezone })
  expect(text(0, 'en')).toMatch(/^ends today about \d\d:\d\d$/)
  expect(text(days(1), 'zh')).toMatch(/^预计明天 \d\d:\d\d 左右发完$/)
  expect(text(days(3), 'zh')).toMatch(/^预计周[一二三四五六日] \d\d:\d\d 左右发完$/)
  expect(text(days(20), 'en')).toMatch(/^ends on \d{1,2} [A-Z][a-z]+ about/)
  expect(text(days(20), 'zh')).toMatch(/^预计\d{1,2}月\d{1,2}日 /)
})
