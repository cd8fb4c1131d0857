import { describe, expect, test } from 'vitest'
import { isOneTimeSubscription, parseTemplateFields, toKeywordType } from '../../src/wechat/template.ts'

describe('the fields of a template', () => {
  test('are its keywords with their types, in the order of the text', () => {
    const content =
      '商品:{{thing1.DATA}}\n下单时间:{{time2.DATA}}\n单号:{{character_string10.DATA}}\n状态:{{const3.DATA}}'
    expect(parseTemplateFields(content)).toEqual([
      { key: 'thing1', type: 'thing' },
      { key: 'time2', type: 'time' },
      { key: 'character_string10', type: 'character_string' },
      { key: 'const3', type: 'const' },
    ])
  })

  test('of old templates have no type', () => {
    expect(
      parseTemplateFields(
        '{ {first.DATA} }\n金额:{ { keyword1.DATA } }\n{{withdrawMoney.DATA}}\n{{remark.DATA}}',
      ),
    ).toEqual(['first', 'keyword1', 'withdrawMoney', 'remark'].map((key) => ({ key, type: 'free' })))
  })

  test('are named once', () => {
    expect(parseTemplateFields('{{thing1.DATA}} {{thing1.DATA}}')).toEqual([{ key: 'thing1', type: 'thing' }])
  })

  test('are none in a text without placeholders', () => {
    expect(parseTemplateFields('thing1.DATA {thing2.DATA} {{thing3}}')).toEqual([])
  })

  test.each([
    ['short_thing3', 'short_thing'],
    ['enum_string1', 'enum_string'],
    ['phone_number12', 'phone_number'],
    ['thing', 'free'],
    ['nothing1', 'free'],
    ['Thing1', 'free'],
  ])('%s is of type %s', (key, type) => {
    expect(toKeywordType(key)).toBe(type)
  })
})

test('the one-time subscription is told from a template that looks like it', () => {
  expect(isOneTimeSubscription({ title: '订阅模板消息', content: '{{content.DATA}}' })).toBe(true)
  expect(isOneTimeSubscription({ title: '订阅模板消息', content: '{ {content.DATA} }\n' })).toBe(true)
  expect(isOneTimeSubscription({ title: '测试模板', content: '{{content.DATA}}' })).toBe(false)
  expect(isOneTimeSubscription({ title: '订阅模板消息', content: '{{content.DATA}} {{thing1.DATA}}' })).toBe(
    false,
  )
})
