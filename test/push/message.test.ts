import { describe, expect, test } from 'vitest'
import { day } from '../../src/base/duration.ts'
import { render } from '../../src/base/sentences/render.ts'
import { InvalidPushError } from '../../src/push/invalidPush.ts'
import { checkMessage, findLateExpiry } from '../../src/push/message.ts'

const good = {
  unionid: 'o6_bmasdasdsad6_2sgVt7hMZOPfL',
  templateId: 'TM00015',
  data: { thing1: '订单已发货' },
}

const token = 'z'.repeat(43)
const asSession = (session: string) => ({ unionid: undefined, session })

function problemsOf(message: unknown) {
  const checked = checkMessage(message)
  return 'problems' in checked ? new InvalidPushError(checked.problems).problems : []
}

function valid(message: unknown) {
  const checked = checkMessage(message)
  if ('problems' in checked) throw new InvalidPushError(checked.problems)
  return checked.message
}

describe('a message', () => {
  test('is taken with plain texts and with {value}', () => {
    expect(valid({ ...good, data: { thing1: 'a', thing2: { value: 'b', color: '#173177' } } }).data).toEqual({
      thing1: 'a',
      thing2: 'b',
    })
  })

  test('has its times in epoch milliseconds, however they were given', () => {
    const at = Date.UTC(2026, 10, 20, 7, 1)
    const given = ['2026-11-20T15:01:00+08:00', '2026-11-20T07:01:00Z', at, String(at), new Date(at)]
    for (const sendAt of given) expect(valid({ ...good, sendAt }).sendAt).toBe(at)
  })

  test('may name its user by a session instead', () => {
    expect(valid({ ...good, ...asSession(token) })).toMatchObject({ session: token })
  })

  test('may be held for thirty days', () => {
    const [now, expiresAt] = [4e12, 4e12 + 30 * day]
    const message = valid({ ...good, hold: true, expiresAt })
    expect(message).toMatchObject({ hold: true, expiresAt })
    expect(findLateExpiry(message, now)).toBeUndefined()
    const fault = findLateExpiry(message, now - 1)
    expect(new InvalidPushError(fault ? [fault] : []).problems).toEqual([
      {
        field: 'expiresAt',
        rule: expect.stringContaining('30 days'),
        given: expect.stringMatching(/^2096-/),
      },
    ])
    expect(findLateExpiry(valid({ ...good, expiresAt }), now - 1)).toBeUndefined()
  })

  test('may expire in the past: the record will say so', () => {
    expect(valid({ ...good, expiresAt: '2020-01-01T00:00:00Z' }).expiresAt).toBe(Date.UTC(2020, 0, 1))
  })
})

describe('a message is refused with field, rule and what was given:', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  test.each([
    ['24 characters', { data: { thing1: '订'.repeat(24) } }, 'data.thing1', /at most 20/, /^24 characters/],
    ['an empty text', { data: { thing1: '' } }, 'data.thing1', /not empty/, /^0 characters/],
    ['a BigInt', { data: { number1: 12n } }, 'data.number1', /string/, /bigint/],
    ['a function', { data: { thing1: () => 'x' } }, 'data.thing1', /string/, /function/],
    ['a cycle', { data: { thing1: cycle } }, 'data.thing1', /string/, /an object/],
    ['a number', { data: { amount1: 12.5 } }, 'data.amount1', /string/, /12\.5/],
    ['another shape', { data: { thing1: { text: 'x' } } }, 'data.thing1', /\{value: string\}/, /an object/],
    ['data that is a list', { data: ['x'] }, 'data', /keywords/, /an array/],
    ['no data', { data: undefined }, 'data', /keywords/, /nothing/],
    ['no recipient', { unionid: undefined }, 'unionid', /openid/, /none/],
    ['two recipients', { openid: 'o1' }, 'unionid', /openid/, /^unionid and openid$/],
    ['no template', { templateId: undefined }, 'templateId', /1 to 128/, /nothing/],
    [
      'a field with a typo',
      { expireAt: '2026-11-20T15:01:00Z' },
      'expireAt',
      /no such field/,
      /20 characters/,
    ],
    ['a link of another kind', { url: 'javascript:alert(1)' }, 'url', /http/, /19 characters/],
    [
      'a link with U+0000, which PostgreSQL keeps nowhere',
      { url: 'https://a.b/\0' },
      'url',
      /http/,
      /13 characters/,
    ],
    ['an id with a line break', { id: 'a\nb' }, 'id', /printable/, /3 characters/],
    ['an id of 129 characters', { id: 'a'.repeat(129) }, 'id', /1 to 128/, /^129 characters/],
    ['a time without offset', { sendAt: '2026-11-20T15:01:00' }, 'sendAt', /offset/, /19 characters/],
    ['seconds for milliseconds', { sendAt: 1_795_170_504 }, 'sendAt', /milliseconds/, /1795170504/],
    ['an end before the start', { sendAt: 2e12, expiresAt: 1e12 }, 'expiresAt', /after sendAt/, /2001-09-09/],
    ['a broken priority', { priority: 1.5 }, 'priority', /whole number/, /1\.5/],
    ['hold without an end', { hold: true }, 'expiresAt', /30 days/, /nothing/],
    ['a broken hold', { hold: 'yes' }, 'hold', /true or false/, /3 characters/],
    ['a session that is none', { ...asSession('short') }, 'session', /43 letters/, /^another text/],
    ['a session besides', { session: token }, 'unionid', /session/, /^unionid and session$/],
    ['a mini-program without appid', { miniprogram: {} }, 'miniprogram.appid', /1 to 128/, /nothing/],
  ])('%s', (_, change, field, rule, given) => {
    const problems = problemsOf({ ...good, ...change })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toEqual({
      field,
      rule: expect.stringMatching(rule),
      given: expect.stringMatching(given),
    })
  })

  test('everything that is wrong at once, in one sentence', () => {
    const problems = problemsOf({ data: { thing1: '' }, priority: -1 })
    expect(problems.map(({ field }) => field).sort()).toEqual([
      'data.thing1',
      'priority',
      'templateId',
      'unionid',
    ])
    expect(new InvalidPushError(problems).message).toContain(
      'data.thing1: expected a text that is not empty, got 0 characters',
    )
    const checked = checkMessage({ data: { thing1: '' }, priority: -1 })
    const { sentence } = new InvalidPushError('problems' in checked ? checked.problems : [])
    expect(render(sentence, 'zh').seen).toContain('data.thing1（实际为：0 个字，""）应为：不为空的内容')
    const [problem] = problemsOf({ ...good, data: { time1: 'x' } })
    expect(problem?.given).toBe('1 character, "x"')
  })

  test.each([[null], [undefined], ['text'], [42], [[]]])('%j, which is no message', (message) => {
    expect(problemsOf(message).length).toBeGreaterThan(0)
  })

  test('not more of a long text than its start', () => {
    const [problem] = problemsOf({ ...good, data: { thing1: 'secret '.repeat(1000) } })
    expect(problem?.given.length).toBeLessThan(80)
  })
})
