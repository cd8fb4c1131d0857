import { expect, test } from 'vitest'
import { checkInput } from '../../src/broadcast/create/input.ts'
import { createRecipientCheck } from '../../src/broadcast/create/recipient.ts'
import { fillIn } from '../../src/broadcast/message.ts'

const audience = { rows: [] }
const input = (more: object) =>
  checkInput({ templateId: 't', data: { thing1: 'a' }, audience, ...more }, 'en')

test('control characters of a row become a blank in typed keywords, as those of single pushes do', () => {
  const data = { thing1: '{{a}}', first: '{{a}}' }
  expect(fillIn({ data }, { a: ' 一\r\n二\u0007三\n' }).data).toEqual({
    thing1: '一 二 三',
    first: ' 一\n二 三\n',
  })
})

test('a value within a link is encoded, one that begins it is the link or the first part of it', () => {
  const columns = { link: 'https://example.com/a?b=1', id: 'x/y 1' }
  expect(fillIn({ data: {}, url: '{{link}}&id={{id}}' }, columns).url).toBe(
    'https://example.com/a?b=1&id=x%2Fy%201',
  )
  const { template, needed } = input({ url: '{{link}}' })
  expect(needed).toEqual(['link'])
  const check = createRecipientCheck('t', template, needed)
  expect(check({ line: 2, values: { unionid: 'u', link: 'javascript:alert(1)' } })).toMatchObject({ line: 2 })
  expect(check({ line: 3, values: { unionid: 'u', link: columns.link } })).toMatchObject({ seq: 3 })
  expect(fillIn(template, columns).url).toBe(columns.link)
})

test.each([
  ['{{product and more than twenty characters', 'data.thing1'],
  ['{{}} and more than twenty characters', 'data.thing1'],
])('braces that name no column are text, which is checked before the start: %s', (thing1, field) => {
  expect(() => input({ data: { thing1 } })).toThrow(field)
})

test('an expiry before the start is told by the name that the start has here', () => {
  expect(() => input({ startAt: 2e12, expiresAt: 1.9e12 })).toThrow('startAt')
})

test.each([
  ['no data', { templateId: 't', audience }, 'texts such as {thing1: "..."}, got nothing'],
  ['nothing', undefined, 'broadcast: expected {templateId, data, audience}, got nothing'],
  ['no object', 'all', 'broadcast: expected {templateId, data, audience}, got 3 characters, "all"'],
])('what is missing is said in words: %s', (_, given, problem) => {
  expect(() => checkInput(given, 'en')).toThrow(problem)
})
