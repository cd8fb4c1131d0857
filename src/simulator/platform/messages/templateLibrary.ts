import type { Loose, SimulatedTemplate } from '../../options.ts'
import { type Call, type Endpoints, type Refuse, toText } from '../answers.ts'
import { randomText } from '../ids.ts'
import { type Field, toFields } from './fieldRules.ts'

const templateIdLength = 43
const mostTemplates = 25

/** Enough for every keyword type, an old industry template and the free form of a test account. */
const defaults: readonly Loose<SimulatedTemplate>[] = [
  {
    title: '订单发货通知',
    content: '发货内容:{{thing1.DATA}}\n发货时间:{{time2.DATA}}\n',
    example: '发货内容:两本书\n发货时间:2026-01-15 15:01\n',
  },
  {
    title: '支付成功通知',
    content:
      '订单编号:{{character_string1.DATA}}\n支付金额:{{amount2.DATA}}\n支付状态:{{phrase3.DATA}}\n支付时间:{{time4.DATA}}\n备注:{{thing5.DATA}}\n',
    example: '订单编号:A1001\n支付金额:¥99.90\n支付状态:已支付\n支付时间:2026-01-15 15:01\n备注:谢谢\n',
  },
  {
    title: '预约提醒',
    content:
      '预约人:{{name1.DATA}}\n联系电话:{{phone_number2.DATA}}\n预约日期:{{date3.DATA}}\n预约状态:{{const4.DATA}}\n车牌号:{{car_number5.DATA}}\n',
    example: '预约人:李四\n联系电话:010-12345678\n预约日期:2026-01-15\n预约状态:预约成功\n车牌号:京A12345\n',
    values: { const4: ['预约成功', '预约失败', '预约取消'] },
  },
  {
    title: '设备告警通知',
    content:
      '告警数量:{{number1.DATA}}\n告警级别:{{enum2.DATA}}\n设备房间:{{enum_string3.DATA}}\n代号:{{letter4.DATA}}\n标记:{{symbol5.DATA}}\n简述:{{short_thing6.DATA}}\n',
    example: '告警数量:3\n告警级别:高\n设备房间:客厅\n代号:AB\n标记:**\n简述:漏水\n',
    values: { enum2: ['高', '中', '低'], enum_string3: ['客厅', '卧室', '厨房'] },
  },
  {
    title: '会员到期提醒',
    content: '{{first.DATA}}\n会员卡号:{{keyword1.DATA}}\n到期时间:{{keyword2.DATA}}\n{{remark.DATA}}',
    example: '您的会员即将到期\n会员卡号:10001\n到期时间:2026年1月15日\n请及时续费',
    primaryIndustry: 'IT科技',
    deputyIndustry: '互联网|电子商务',
  },
  { title: '测试消息', content: '{{data1.DATA}}\n{{data2.DATA}}', primaryIndustry: '', deputyIndustry: '' },
]

const oneTimeSubscription = { title: '订阅模板消息', content: '{{content.DATA}}' } as const

interface KnownTemplate {
  template: SimulatedTemplate
  fields: readonly Field[]
}

export type TemplateLibrary = ReturnType<typeof createTemplateLibrary>

/** The account's templates: the list every account shows, and adding and deleting as far as programs need it. */
export function createTemplateLibrary(
  custom: readonly Loose<SimulatedTemplate>[] | undefined,
  random: () => number,
  refuse: Refuse,
) {
  const known = new Map<string, KnownTemplate>()
  const subscription = complete(oneTimeSubscription)
  for (const template of custom ?? defaults) add(template)

  function complete(given: Loose<SimulatedTemplate>): SimulatedTemplate {
    return {
      templateId: given.templateId ?? randomText(random, templateIdLength),
      title: given.title ?? '通知',
      content: given.content ?? '内容:{{thing1.DATA}}\n',
      example: given.example ?? '',
      primaryIndustry: given.primaryIndustry ?? 'IT科技',
      deputyIndustry: given.deputyIndustry ?? '互联网|电子商务',
      values: given.values ?? {},
    }
  }

  function add(partial: Loose<SimulatedTemplate>): SimulatedTemplate {
    const template = complete(partial)
    known.set(template.templateId, { template, fields: toFields(template.content, template.values) })
    return template
  }

  function list(): SimulatedTemplate[] {
    return [...known.values()].map(({ template }) => template)
  }

  /** Category templates have a number and a list of keywords; the old libraries (TM..., OPENTM...) take nothing new. */
  function handleAdd(call: Call): string {
    const short = toText(call.json.template_id_short)
    if (short === undefined || !/^(\d+|(TM|OPENTM)\d+)$/.test(short)) return refuse(call, 40037)
    if (/^\D/.test(short)) return refuse(call, 40247)
    const names = call.json.keyword_name_list
    if (!Array.isArray(names) || names.length === 0 || names.length > 5) return refuse(call, 40246)
    if (known.size >= mostTemplates) return refuse(call, 45026)
    const lines = names.map((name, index) => `${name}:{{thing${index + 1}.DATA}}\n`)
    const { templateId } = add({ title: `模板${short}`, content: lines.join('') })
    return `{"errcode":0,"errmsg":"ok","template_id":"${templateId}"}`
  }

  const endpoints: Endpoints = {
    '/cgi-bin/template/get_all_private_template': {
      method: 'GET',
      token: 'account',
      handle: () => JSON.stringify({ template_list: [...list(), subscription].map(toWire) }),
    },
    '/cgi-bin/template/api_add_template': { method: 'POST', token: 'account', handle: handleAdd },
    '/cgi-bin/template/del_private_template': {
      method: 'POST',
      token: 'account',
      handle(call) {
        const templateId = toText(call.json.template_id) ?? ''
        return known.delete(templateId) ? '{"errcode":0,"errmsg":"ok"}' : refuse(call, 40037)
      },
    },
    '/cgi-bin/template/get_industry': {
      method: 'GET',
      token: 'account',
      handle: () =>
        '{"primary_industry":{"first_class":"IT科技","second_class":"互联网|电子商务"},' +
        '"secondary_industry":{"first_class":"IT科技","second_class":"电子技术"}}',
    },
  }

  return {
    endpoints,
    list,
    findFields: (templateId: string): readonly Field[] | undefined => known.get(templateId)?.fields,
  }
}

function toWire(template: SimulatedTemplate) {
  return {
    template_id: template.templateId,
    title: template.title,
    primary_industry: template.primaryIndustry,
    deputy_industry: template.deputyIndustry,
    content: template.content,
    example: template.example,
  }
}
