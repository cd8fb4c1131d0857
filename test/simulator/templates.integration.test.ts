import { expect, test } from 'vitest'
import { startSimulator, toData } from '../helpers/simulatorClient.ts'

test('the list shows the templates and the one-time subscription, which is not one of them', async () => {
  const { simulator, wechat } = await startSimulator()
  const { json } = await wechat.get('/cgi-bin/template/get_all_private_template', {
    access_token: await wechat.getToken(),
  })
  expect(Object.keys(json)).toEqual(['template_list'])
  const list = Array.isArray(json.template_list) ? json.template_list : []
  expect(list.map((template) => template.title)).toEqual([
    ...simulator.templates.map(({ title }) => title),
    '订阅模板消息',
  ])
  expect(list[0]).toEqual({
    template_id: simulator.templates[0]?.templateId,
    title: '订单发货通知',
    primary_industry: expect.any(String),
    deputy_industry: expect.any(String),
    content: '发货内容:{{thing1.DATA}}\n发货时间:{{time2.DATA}}\n',
    example: expect.stringContaining('发货内容:'),
  })
  for (const { template_id: id } of list) expect(id).toMatch(/^[\w-]{43}$/)
})

test('the examples of the templates break no rule', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1 })
  const token = await wechat.getToken()
  const withExample = simulator.templates.filter(({ example }) => example !== '')
  expect(withExample.length).toBeGreaterThan(4)
  for (const { templateId, content, example } of withExample) {
    const pattern = content.trim().replaceAll(/\{\{(\w+)\.DATA\}\}/g, '(?<$1>.+)')
    const values = new RegExp(`^${pattern}$`).exec(example.trim())?.groups ?? {}
    const { json } = await wechat.send(token, { template_id: templateId, data: toData(values) })
    expect([values, json.errcode]).toEqual([values, 0])
  }
})

test('templates of your own replace the usual ones', async () => {
  const { simulator, wechat } = await startSimulator({
    followers: 1,
    templates: [
      {
        templateId: 'mine',
        title: '门锁',
        content: '状态:{{enum1.DATA}}\n',
        values: { enum1: ['开', '关'] },
      },
    ],
  })
  expect(simulator.templates.map(({ templateId }) => templateId)).toEqual(['mine'])
  const token = await wechat.getToken()
  expect((await wechat.send(token, { data: toData({ enum1: '开' }) })).json.errcode).toBe(0)
  expect((await wechat.send(token, { data: toData({ enum1: '坏' }) })).json.errcode).toBe(47003)
})

test('a template can be added from the category library up to 25, and deleted', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1 })
  const token = await wechat.getToken()
  const post = (name: string, body: unknown) =>
    wechat.post(`/cgi-bin/template/${name}?access_token=${token}`, body)
  const add = async (template_id_short: string, keyword_name_list?: string[]) =>
    (await post('api_add_template', { template_id_short, keyword_name_list })).json
  expect((await add('TM00015')).errcode).toBe(40247)
  expect((await add('x y')).errcode).toBe(40037)
  expect((await add('47123')).errcode).toBe(40246)
  const added = await add('47123', ['订单号', '状态'])
  expect(added).toEqual({ errcode: 0, errmsg: 'ok', template_id: expect.stringMatching(/^[\w-]{43}$/) })
  expect(simulator.templates.at(-1)).toMatchObject({
    content: '订单号:{{thing1.DATA}}\n状态:{{thing2.DATA}}\n',
  })
  const sent = await wechat.send(token, {
    template_id: added.template_id,
    data: toData({ thing1: 'a', thing2: 'b' }),
  })
  expect(sent.json.errcode).toBe(0)

  while (simulator.templates.length < 25) await add('47123', ['订单号'])
  expect((await add('47123', ['订单号'])).errcode).toBe(45026)
  expect((await post('del_private_template', { template_id: added.template_id })).json).toEqual({
    errcode: 0,
    errmsg: 'ok',
  })
  expect((await post('del_private_template', { template_id: added.template_id })).json.errcode).toBe(40037)
  expect((await add('47123', ['订单号'])).errcode).toBe(0)
})

test('get_industry names the two industries', async () => {
  const { wechat } = await startSimulator()
  const { json } = await wechat.get('/cgi-bin/template/get_industry', {
    access_token: await wechat.getToken(),
  })
  const industry = { first_class: expect.any(String), second_class: expect.any(String) }
  expect(json).toEqual({ primary_industry: industry, secondary_industry: industry })
})
