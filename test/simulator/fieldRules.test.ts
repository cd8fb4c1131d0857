import { expect, test } from 'vitest'
import { findDataFault, toFields } from '../../src/simulator/platform/messages/fieldRules.ts'

const values = { const1: ['预约成功', '预约失败'], enum1: ['高', '低'], enum_string1: ['客厅'] }

function judge(key: string, value: unknown): string | undefined {
  return findDataFault(toFields(`标签:{{${key}.DATA}}\n`, values), { [key]: { value } })
}

const cases: { type: string; taken: string[]; refused: string[] }[] = [
  {
    type: 'thing',
    taken: ['广州市新港中路', 'a', '!@#', '字'.repeat(20), '😀'.repeat(20)],
    refused: ['字'.repeat(21), '😀'.repeat(21), '第一行\n第二行', 'tab\there'],
  },
  { type: 'short_thing', taken: ['漏水', '12345'], refused: ['123456'] },
  {
    type: 'character_string',
    taken: ['A20240101-1', '#12 ~!', 'x'.repeat(32)],
    refused: ['订单1', 'x'.repeat(33), 'Ａ１'],
  },
  {
    type: 'number',
    taken: ['12', '12.5', '0', '9'.repeat(32)],
    refused: ['-1', '1,000', '12.', '.5', '十二', '9'.repeat(33)],
  },
  { type: 'letter', taken: ['ABC', 'abc'], refused: ['AB1', '字母', 'x'.repeat(33)] },
  { type: 'symbol', taken: ['**', '￥', '!?+-~'], refused: ['a', '******', '1'] },
  { type: 'phrase', taken: ['配送中', '五个汉字啊'], refused: ['配送中1', 'ok', '配送 中', '六个汉字太长'] },
  {
    type: 'name',
    taken: ['张三', '十个汉字的名字有这么', 'Anna-Maria Schmidt', 'Li李'],
    refused: ['张三2', 'R2D2', '十一个汉字的名字有这么长', 'x'.repeat(21), '李Alexandria'],
  },
  {
    type: 'time',
    taken: [
      '15:01',
      '9:05',
      '23:59:59',
      '2019年10月1日 15:01',
      '2019-10-01 15:01',
      '09:00~10:00',
      '2019年10月1日 09:00~2019年10月2日 10:00',
      '1月20日 8:00~10:00',
      '8月2日 11:40',
      '2019年10月1日',
    ],
    refused: ['24:00', '15:61', '15日 07:00', '09:00～10:00', '3pm', '2019-13-01 10:00', '09:00~'],
  },
  {
    type: 'date',
    taken: [
      '2019年10月1日',
      '2019-10-01',
      '2019/10/01',
      '2019.10.1',
      '2019-10-01 15:01',
      '2019-10-01 15:01:59',
      '2019年10月1日~2019年10月7日',
      '10月1日',
      '2026年10月',
      '2026-10',
      '10-01',
    ],
    refused: ['13-01', '1日', '2019年13月1日', '2019-10-32', '15:01', '2019-10-01～2019-10-02', '昨天'],
  },
  {
    type: 'amount',
    taken: ['¥100.00', '￥1', '$9.9', '100元', '9999999999'],
    refused: ['100块', '¥¥1', '12345678901', '-5', '一百元', '1,000'],
  },
  {
    type: 'phone_number',
    taken: ['13800000000', '+86-0766-66888866', '(020) 8888-8888'],
    refused: ['电话13800000000', '1'.repeat(18), '138a'],
  },
  {
    type: 'car_number',
    taken: ['粤A8Z888挂', '京A12345', 'A1'],
    refused: ['粤A8Z8888挂', '粤A8中88', '粤 A8888'],
  },
  { type: 'const', taken: ['预约成功'], refused: ['预约成功了', '成功'] },
  { type: 'enum', taken: ['高'], refused: ['中'] },
  { type: 'enum_string', taken: ['客厅'], refused: ['卧室'] },
]

test.each(cases)('$type takes what its rule allows and refuses the rest', ({ type, taken, refused }) => {
  const key = `${type}1`
  for (const value of taken) expect([value, judge(key, value)]).toEqual([value, undefined])
  for (const value of refused)
    expect([value, judge(key, value)]).toEqual([value, `data.${key}.value invalid`])
})

test('const and enum without a list take any value', () => {
  expect(judge('const9', '任何')).toBeUndefined()
  expect(judge('enum9', '任何')).toBeUndefined()
})

test('a blank, empty or missing value is empty, a value that is no string invalid', () => {
  for (const value of ['', '   ', undefined])
    expect(judge('thing1', value)).toBe('data.thing1.value is empty')
  for (const value of [5, true, null, {}]) expect(judge('thing1', value)).toBe('data.thing1.value invalid')
  const fields = toFields('{{thing1.DATA}}{{time2.DATA}}', {})
  expect(findDataFault(fields, { thing1: { value: 'a' } })).toBe('data.time2.value is empty')
  expect(findDataFault(fields, { thing1: 'a', time2: { value: '15:01' } })).toBe('data.thing1.value is empty')
})

test('old industry keywords have no type rule; first and remark may be left out, the others not', () => {
  const fields = toFields('{{first.DATA}}\n卡号:{{keyword1.DATA}}\n{{remark.DATA}}', {})
  expect(findDataFault(fields, { keyword1: { value: '一\n二'.repeat(50) } })).toBeUndefined()
  expect(findDataFault(fields, { first: { value: 'a' } })).toBe('data.keyword1.value is empty')
})

test('the first keyword that breaks its rule is named; keywords the template does not have are ignored', () => {
  const fields = toFields('{{thing1.DATA}}{{phrase2.DATA}}{{amount3.DATA}}', {})
  const data = { amount3: { value: 'x' }, phrase2: { value: 'y' }, thing1: { value: 'z' }, extra9: 1 }
  expect(findDataFault(fields, data)).toBe('data.phrase2.value invalid')
})
