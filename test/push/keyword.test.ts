import { describe, expect, test } from 'vitest'
import { findBrokenRule, toCleanText } from '../../src/push/keyword.ts'

describe('a typed keyword takes', () => {
  test.each([
    ['thing1', '订'.repeat(20)],
    ['thing1', '😀'.repeat(20)],
    ['character_string12', `A-${'9'.repeat(30)}`],
    ['number1', '12.5'],
    ['number1', '9'.repeat(32)],
    ['letter1', 'ABC'],
    ['symbol1', '**'],
    ['phrase1', '配送中'],
    ['name1', '张三'],
    ['name1', 'Alexander Hamilton'],
    ['time1', '15:01'],
    ['time2', '2019年10月1日 15:01'],
    ['time2', '2026-11-20 15:01:02'],
    ['time1', '09:00~10:00'],
    ['date1', '2019年10月1日'],
    ['date1', '2019-10-01 15:01'],
    ['date1', '2019.10.01~2019.10.07'],
    ...['10月1日', '2026年10月', '2026-10', '10-01', '1/20', '2026.10', '10月1日 15:01'].map((d) => [
      'date1',
      d,
    ]),
    ...['10月1日~10月7日', '2026年10月~2026年12月', '10-01 08:00~10:00'].map((d) => ['date1', d]),
    ...['1月20日 8:00~10:00', '8月2日 11:40', '08-02 11:40:30', '15:01 2019年10月1日'].map((t) => [
      'time1',
      t,
    ]),
    ...['2019年10月1日', '1月20日 8:00~1月21日 10:00'].map((t) => ['time1', t]),
    ['amount1', '¥100.00'],
    ['amount1', '100元'],
    ['amount1', '￥1,234.5元'],
    ['phone_number1', '+86-0766-66888866'],
    ['car_number1', '粤A8Z888挂'],
    ['const1', 'whatever was approved'],
    ['short_thing1', '已发货'],
  ])('%s: %s', (key, text) => {
    expect(findBrokenRule(key, text)).toBeUndefined()
  })
})

describe('a typed keyword refuses', () => {
  test.each([
    ['thing1', '订'.repeat(21), /at most 20/],
    ['thing1', '😀'.repeat(21), /at most 20/],
    ['character_string1', '单号A1', /no Chinese/],
    ['character_string1', 'A'.repeat(33), /at most 32/],
    ['number1', '十二', /digits/],
    ['number1', '9'.repeat(33), /at most 32/],
    ['letter1', 'ABC1', /letters/],
    ['symbol1', '******', /symbols/],
    ['phrase1', '配送ABC', /Chinese/],
    ['phrase1', '一二三四五六', /at most 5/],
    ['name1', '一二三四五六七八九十一', /at most 10/],
    ['name1', 'a'.repeat(21), /20/],
    ['time1', '09:00～10:00', /~/],
    ['time1', 'tomorrow', /24-hour/],
    ['time1', '15日 07:00', /24-hour/],
    ['time1', '15.30', /24-hour/],
    ['time1', '09:00~', /24-hour/],
    ['date1', '1日', /date/],
    ['date1', '13-01', /date/],
    ['date1', '2026', /date/],
    ['date1', '15:01', /date/],
    ['date1', '10-01～10-07', /date/],
    ['name1', '张三2', /no digits/],
    ['name1', 'R2D2', /no digits/],
    ['amount1', '100 dollars', /amount/],
    ['amount1', '12345678901', /10 digits/],
    ['phone_number1', '1'.repeat(18), /17/],
    ['car_number1', '粤A8Z88888', /8/],
    ['thing1', '', /not empty/],
    ['thing1', '　 ', /not empty/],
    ['{{thing1.DATA}}', 'x', /keyword of the template/],
    ['__proto__', 'x', /keyword of the template/],
    ['thing1', 'a\ud83d', /half of an emoji/],
  ])('%s: %s', (key, text, rule) => {
    expect(findBrokenRule(key, text)).toMatch(rule)
  })
})

test('keywords of old templates have no rule but that they say something', () => {
  expect(findBrokenRule('keyword1', 'x'.repeat(500))).toBeUndefined()
  expect(findBrokenRule('time', 'soon')).toBeUndefined()
  expect(findBrokenRule('keyword1', ' ')).toMatch(/not empty/)
  expect(findBrokenRule('remark', '')).toBeUndefined()
})

test('control characters become one space in typed keywords, line breaks of free text stay', () => {
  expect(toCleanText('thing1', ' a\r\n\tb\u0000 ')).toBe('a b')
  expect(toCleanText('remark', 'line 1\r\nline 2\u0007')).toBe('line 1\nline 2 ')
  expect(toCleanText('thing1', '订单')).toBe('订单')
})
