import { expect, test } from 'vitest'
import { createSerializers } from '../../src/base/log.ts'
import { type Sentence, say } from '../../src/base/sentences/sentence.ts'
import { inLanguage, parseStored, renderStored, toStored } from '../../src/base/sentences/stored.ts'

test('a sentence is kept as its key and facts, and read in either language', () => {
  const why = say('wechat.numbered', {
    meaning: say('wechat.dataEmpty', { field: 'thing1' }),
    numbers: 'errcode 47003',
  })
  const stored = toStored(say('outcome.last_try', { attempts: 8, why }))
  expect(JSON.parse(stored)).toEqual({
    key: 'outcome.last_try',
    facts: {
      attempts: 8,
      why: {
        key: 'wechat.numbered',
        facts: {
          meaning: { key: 'wechat.dataEmpty', facts: { field: 'thing1' } },
          numbers: 'errcode 47003',
        },
      },
    },
  })
  expect(renderStored(stored, 'en')).toBe(
    '8 tries failed, the last because: data.thing1 is empty (errcode 47003)',
  )
  expect(renderStored(stored, 'zh')).toBe('试了 8 次都失败了，最后一次：data.thing1 是空的（errcode 47003）')
})

test('one without facts is its key alone', () => {
  expect(toStored(say('outcome.left'))).toBe('{"key":"outcome.left"}')
  expect(toStored(null)).toBeNull()
})

/** What is in such a column besides: sentences of older versions, of newer ones, of people, and damage. */
const others = [
  'the user no longer follows this service account',
  '模板里的价格错了',
  '',
  'outcome.left',
  '{"key":"outcome.left"',
  '{"key":"outcome.of_a_newer_version","facts":{"a":1}}',
  '{"key":"toString"}',
  '{"key":"__proto__","facts":{}}',
  '{"key":"outcome.capped","facts":[1]}',
  '{"key":"outcome.capped","facts":null}',
  '{"key":"outcome.capped","facts":{"most":null,"span":true}}',
  '{"key":"outcome.handed_over","facts":{"why":{"key":"nothing"},"next":"b"}}',
  '{"key":["outcome.left"]}',
  '{"facts":{},"key":"outcome.left"}',
  `${'{"key":"outcome.may_be_accepted","facts":{"why":'.repeat(5_000)}"x"${'}}'.repeat(5_000)}`,
  'null',
  '{"key":"',
]

test.each(others)('what is no sentence is shown as it is: %s', (text) => {
  expect(parseStored(text)).toBeUndefined()
  expect([renderStored(text, 'zh'), renderStored(text, 'en')]).toEqual([text, text])
  expect(inLanguage({ detail: text }, 'zh')).toEqual({ detail: text })
})

test('a fact that is missing or superfluous hurts nobody', () => {
  expect(renderStored('{"key":"outcome.handed_over","facts":{"next":"b","x":1}}', 'zh')).toBe('：已转给 b')
})

test('an answer is told in the language of its reader, and nothing of the user is taken for a sentence', () => {
  const left: Sentence = say('outcome.left')
  const answer = {
    id: toStored(left),
    way: [{ detail: toStored(left), reason: null }],
    lastSync: { error: toStored(say('sync.stopped_on_request')), seen: 3 },
    samples: [{ data: { thing1: toStored(left) } }],
    nothing: undefined,
  }
  expect(inLanguage(answer, 'zh')).toEqual({
    ...answer,
    way: [{ detail: '用户已取消关注这个服务号', reason: null }],
    lastSync: { error: '已按要求停止；下次同步从这里继续', seen: 3 },
  })
  expect(Object.keys(inLanguage(answer, 'zh'))).toEqual(Object.keys(answer))
})

test('the log is in its own language, whether a sentence was kept or was handed on', () => {
  const { detail, reason, error } = createSerializers('zh')
  const left = say('outcome.left')
  expect([detail(left), detail(toStored(left)), reason(left), error(toStored(left))]).toEqual(
    Array(4).fill('用户已取消关注这个服务号'),
  )
  expect([detail('EPIPE'), reason(7), error(undefined)]).toEqual(['EPIPE', 7, undefined])
})
