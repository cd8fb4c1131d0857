import { describe, expect, onTestFinished, test } from 'vitest'
import { day, hour, minute } from '../../src/base/duration.ts'
import { renderStored } from '../../src/base/sentences/stored.ts'
import type { RecipientOutcome } from '../../src/db/broadcasts/recipients.ts'
import type { Stores } from '../../src/db/stores.ts'
import { findRecipientRecord } from '../../src/operations/broadcasts/recipients.ts'
import type { PushReason } from '../../src/push/status.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { askIntercepted } from '../../src/sync/askIntercepted.ts'
import { createWechatApi, type WechatApi } from '../../src/wechat/api.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { engines } from '../db/engines.ts'
import { toPushRow } from '../db/pushRow.ts'
import { createTestLog } from '../helpers/pushing.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

const path = '/wxa/sec/queryblocktmplmsg'
const templateId = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY'
const other = 'LzbQ4oJqWhF3Tq2dN6t5zv0nFJm1u8cS7kRyXeHaGpA'
/** Its calls alone are counted. */
const oneTemplate = { templates: [{ templateId }], tokenLifeSeconds: 1e8 }
const row = { unionid: null, templateId, unknownSince: null }

describe.each(engines)('on $name', ({ create }) => {
  async function setUp(options: SimulatorOptions = {}) {
    const { database, query } = await create()
    const templates = [
      { templateId, title: '订单发货通知', content: '内容:{{thing1.DATA}}\n' },
      { templateId: other, title: '其他' },
    ]
    const { simulator } = await startSimulator({ followers: 3, templates, ...options })
    const { appid, secret } = simulator
    const { log, lines } = createTestLog()
    const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
    const client = createWechatClient({ bases: [simulator.base], transport, hotTransport: transport, log })
    onTestFinished(() => client.close())
    const tokens = createTokenSource({ appid, secret, client, store: database.tokens(), log })
    const api = createWechatApi({ client, tokens })
    await database.templates(appid).replace(await api.listTemplates(), Date.now())
    const pushes = database.pushes(appid)
    const openid = simulator.userAt(0).openid
    const ask = (more: { api?: Partial<WechatApi>; now?: () => number; database?: Stores } = {}) => {
      const from = more.database ?? database
      const deps = {
        templates: from.templates(appid),
        intercepted: from.intercepted(appid),
        receipts: from.receipts(appid),
        log,
      }
      const { now = Date.now } = more
      return askIntercepted({ ...deps, api: { ...api, ...more.api }, now }, AbortSignal.timeout(20_000))
    }
    /** A push that WeChat accepted, and what its receipt said. */
    async function sent(id: string, status: 'sent' | 'delivered' | 'undelivered' = 'undelivered', more = {}) {
      const reason: PushReason | null = status === 'undelivered' ? 'system_failed' : null
      const at = Date.now()
      const times = { createdAt: at, sentAt: at, finishedAt: at }
      await pushes.add(toPushRow({ ...row, appid, id, openid, status, reason, ...times, ...more }))
    }
    const broadcasts = database.broadcasts(appid)
    /** A broadcast to the lines of a file that WeChat accepted, and what their receipts said. */
    async function broadcast(id: string, ends: readonly Partial<RecipientOutcome>[], more = {}) {
      const asked = { ...{ id, templateId, name: null, message: '{}', rate: null, window: null }, ...more }
      const times = { createdAt: Date.now(), startAt: null, expiresAt: null }
      const audience = { kind: 'file', name: 'f.csv' } as const
      const no = await broadcasts.draft({ ...asked, ...times, audience, canaryShare: null, maxFailures: 0.2 })
      const outcomes = ends.map((end, n) => toOutcome(n + 1, { openid: simulator.userAt(n).openid, ...end }))
      const line = { unionid: null, isByUnionid: false, columns: null }
      await broadcasts.addRecipients(
        no,
        outcomes.map(({ seq, openid }) => ({ ...line, seq, openid })),
      )
      const selected = outcomes.length
      await broadcasts.publish(no, { status: 'running', selected, isFilled: true, canarySize: null })
      await broadcasts.record(no, outcomes)
      return no
    }
    const show = (id: string) => findRecipientRecord({ name: 'main', broadcasts }, id)
    const calls = () => simulator.stats().calls[path] ?? 0
    const asking = { api, ask, calls, lines }
    return { database, query, simulator, appid, openid, pushes, sent, broadcasts, broadcast, show, ...asking }
  }

  test('an undelivered push and one in review are told why, in the language of the reader', async () => {
    const { simulator, openid, pushes, ask, sent } = await setUp()
    await sent('failed')
    await sent('reviewed', 'sent', { reason: 'in_review', openid: simulator.userAt(1).openid })
    await sent('fine', 'delivered', { openid: simulator.userAt(2).openid })
    simulator.intercept(openid, { templateId, content: '内容:满100减50\n备注:快来\n' })
    simulator.intercept(simulator.userAt(1).openid, { templateId })
    simulator.intercept(simulator.userAt(2).openid, { templateId })

    expect(await ask()).toEqual({ told: 3, explained: 2 })
    const failed = await pushes.find('failed')
    expect(failed).toMatchObject({ status: 'undelivered', reason: 'system_failed', seq: 2 })
    expect(renderStored(failed?.detail ?? '', 'zh')).toMatch(
      /^微信审核拦截了这条消息：《订单发货通知》「内容:满100减50 \/ 备注:快来」/,
    )
    expect(renderStored(failed?.detail ?? '', 'en')).toMatch(
      /^WeChat's review kept this message .*"订单发货通知"/,
    )
    const reviewed = await pushes.find('reviewed')
    expect(reviewed).toMatchObject({ status: 'sent', reason: 'in_review', seq: 2 })
    expect(reviewed?.detail).toContain('receipt.intercepted')
    expect(await pushes.find('fine')).toMatchObject({ detail: null, seq: 1 })
  })

  test('it is the push of that template that went out closest to the time WeChat tells', async () => {
    const { simulator, openid, pushes, ask, sent } = await setUp()
    const at = Date.now()
    await sent('long ago', 'undelivered', { sentAt: at - hour })
    await sent('of another template', 'undelivered', { sentAt: at, templateId: other })
    await sent('before', 'undelivered', { sentAt: at - 5 * minute })
    await sent('it', 'undelivered', { sentAt: at - minute })
    simulator.intercept(openid, { templateId })
    expect(await ask()).toEqual({ told: 1, explained: 1 })
    const explained = async (id: string) => (await pushes.find(id))?.seq === 2
    expect(await Promise.all(['it', 'before', 'long ago', 'of another template'].map(explained))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  test('what another program sent is passed over, and nothing is asked or said twice', async () => {
    const { simulator, openid, pushes, ask, sent } = await setUp()
    simulator.intercept('oOfNobodyWeKnow', { templateId })
    expect(await ask()).toEqual({ told: 1, explained: 0 })
    await sent('p')
    simulator.intercept(openid, { templateId })
    expect(await ask()).toEqual({ told: 1, explained: 1 })
    expect(await ask()).toEqual({ told: 0, explained: 0 })
    expect((await pushes.find('p'))?.seq).toBe(2)
  })

  test('its change is told by webhook and among the events, as any other', async () => {
    const { database, simulator, openid, pushes, ask, sent } = await setUp()
    await sent('p', 'undelivered', { finishedAt: Date.now() - hour })
    await database.webhooks().turnOn()
    simulator.intercept(openid, { templateId })
    const before = Date.now()
    await ask()
    const [change, ...more] = await database.webhooks().findChanges(0, 10)
    expect(more).toEqual([])
    expect(JSON.parse(change?.data ?? '')).toMatchObject({
      ...{ id: 'p', status: 'undelivered', seq: 2 },
      detail: expect.stringContaining('receipt.intercepted'),
    })
    expect(await pushes.findFinished(before, 10)).toMatchObject([{ id: 'p', seq: 2 }])
    expect(await pushes.findFinished(before - 2 * hour, 10)).toHaveLength(1)
    expect(await pushes.findFinished(Date.now() + minute, 10)).toEqual([])
  })

  test('recipients of a broadcast are told why, too, and nothing else of their records changes', async () => {
    const { simulator, ask, broadcast, broadcasts, show } = await setUp()
    const people = [0, 1, 2].map((n) => simulator.userAt(n).openid)
    const failed = {
      status: 'undelivered',
      reason: 'system_failed',
      detail: 'failed: system failed',
    } as const
    const no = await broadcast('b1', [failed, { reason: 'in_review', msgid: null }, { status: 'delivered' }])
    const ids = people.map((openid) => `b1:${openid}`)
    const before = await Promise.all(ids.map(show))
    const counted = await broadcasts.counts(no)
    simulator.intercept(people[0] ?? '', { templateId, content: '内容:满100减50\n备注:快来\n' })
    for (const openid of people.slice(1)) simulator.intercept(openid, { templateId })

    expect(await ask()).toEqual({ told: 3, explained: 2 })
    const after = await Promise.all(ids.map(show))
    expect(renderStored(after[0]?.detail ?? '', 'zh')).toMatch(
      /^微信审核拦截了这条消息：《订单发货通知》「内容:满100减50 \/ 备注:快来」/,
    )
    expect(after[1]?.detail).toContain('receipt.intercepted')
    for (const [n, growth] of [1, 1, 0].entries()) {
      const { detail, seq = 0 } = before[n] ?? {}
      const changed = growth === 0 ? { detail, seq } : { detail: after[n]?.detail, seq: seq + growth }
      expect(after[n]).toEqual({ ...before[n], ...changed })
    }
    expect(await broadcasts.counts(no)).toEqual(counted)
    expect(await ask()).toEqual({ told: 0, explained: 0 })
  })

  test('of a push and recipients of broadcasts it is the one that went out closest to the time WeChat tells', async () => {
    const { simulator, openid, pushes, ask, sent, broadcast, show } = await setUp()
    const at = Date.now()
    const failed = { status: 'undelivered', reason: 'other' } as const
    await sent('p', 'undelivered', { sentAt: at - 5 * minute })
    await broadcast('long_ago', [{ ...failed, sentAt: at - hour }])
    await broadcast('other', [failed], { templateId: other })
    await broadcast('before', [{ ...failed, sentAt: at - 2 * minute }])
    await broadcast('it', [{ ...failed, sentAt: at - minute }])
    const details = async () => ({
      push: (await pushes.find('p'))?.detail ?? null,
      ...Object.fromEntries(
        await Promise.all(
          ['long_ago', 'other', 'before', 'it'].map(async (id) => [
            id,
            (await show(`${id}:${openid}`))?.detail,
          ]),
        ),
      ),
    })
    simulator.intercept(openid, { templateId })
    expect(await ask()).toEqual({ told: 1, explained: 1 })
    const said = expect.stringContaining('receipt.intercepted')
    const unsaid = { push: null, long_ago: null, other: null, before: null }
    expect(await details()).toEqual({ ...unsaid, it: said })
    for (let n = 0; n < 3; n++) simulator.intercept(openid, { templateId })
    expect(await ask()).toEqual({ told: 3, explained: 2 })
    expect(await details()).toEqual({ ...unsaid, push: said, before: said, it: said })
  })

  test('the change of a recipient is told by webhook once, and one who is sent to again is left alone', async () => {
    const { database, simulator, appid, broadcast, broadcasts, show } = await setUp()
    const failed = { status: 'undelivered', reason: 'system_failed' } as const
    const no = await broadcast('b1', [failed, { ...failed, reason: 'other' }])
    const ids = [0, 1].map((n) => `b1:${simulator.userAt(n).openid}`)
    const row = await broadcasts.find('b1')
    if (row) await broadcasts.retry(row, ['other'], Date.now())
    await database.webhooks().turnOn()
    const intercepted = database.intercepted(appid)
    const page = ids.map((id, n) => ({
      id: n + 1,
      push: { id, generation: 0, detail: 'd', recipient: { broadcast: no, seq: n + 1 } },
    }))
    await Promise.all([intercepted.record(templateId, page, 1), intercepted.record(templateId, page, 1)])
    expect(await Promise.all(ids.map(show))).toMatchObject([
      { status: 'undelivered', detail: 'd' },
      { status: 'queued', detail: null },
    ])
    expect(await database.webhooks().findChanges(0, 10)).toHaveLength(1)
  })

  test('a receipt that comes after the explanation has a higher seq, and so has a message sent again', async () => {
    const { database, simulator, appid, openid, ask, broadcast, broadcasts, show } = await setUp()
    const no = await broadcast('b1', [{ reason: 'in_review', msgid: null }])
    await database.webhooks().turnOn()
    simulator.intercept(openid, { templateId })
    await ask()
    const id = `b1:${openid}`
    const shown = await show(id)
    expect(await database.webhooks().repeat(appid, 0)).toBe(1)
    const end = {
      status: 'undelivered',
      reason: 'system_failed',
      detail: null,
      finishedAt: Date.now(),
    } as const
    const place = { broadcast: no, seq: 1 }
    const settle = database.receipts(appid).toSettle([{ id, ...end, msgid: '7', recipient: place }])
    await database.write(settle)
    const changes = await database.webhooks().findChanges(0, 10)
    const told = changes.map(({ data }) => JSON.parse(data))
    expect(told).toMatchObject([
      { id, status: 'sent', detail: shown?.detail, seq: shown?.seq },
      { id, status: 'sent', detail: expect.stringContaining('receipt.intercepted'), seq: shown?.seq },
      { id, status: 'undelivered', detail: null },
    ])
    expect(told[2].seq).toBeGreaterThan(told[1].seq)
    const row = await broadcasts.find('b1')
    if (row) await broadcasts.retry(row, ['system_failed'], Date.now())
    expect((await show(id))?.seq).toBeGreaterThan(told[2].seq)
  })

  test('it takes half of the calls that are left, and goes on the next day', async () => {
    const quotas = { intercepted: 4 }
    const { simulator, ask, calls, lines } = await setUp({ ...oneTemplate, quotas })
    for (let n = 0; n < 250; n++) simulator.intercept(`o${n}`, { templateId })
    expect(await ask()).toEqual({ told: 200, explained: 0 })
    expect(calls()).toBe(2)
    expect(lines.some(({ msg }) => /no calls are left today/.test(String(msg)))).toBe(true)
    simulator.advance(day)
    expect(await ask()).toEqual({ told: 50, explained: 0 })
  })

  test('a quota that runs out on the way ends it without an error, with all that was told kept', async () => {
    const { simulator, api, ask } = await setUp({ ...oneTemplate, quotas: { intercepted: 1 } })
    for (let n = 0; n < 150; n++) simulator.intercept(`o${n}`, { templateId })
    const getQuota = async () => ({ dailyLimit: 100, used: 0, remain: 100 })
    expect(await ask({ api: { getQuota } })).toEqual({ told: 100, explained: 0 })
    await expect(api.getIntercepted(templateId, 0)).rejects.toMatchObject({ errcode: 45009 })
    simulator.advance(day)
    expect(await ask({ api: { getQuota } })).toEqual({ told: 50, explained: 0 })
  })

  test('a process that dies in the middle leaves nothing out and nothing twice', async () => {
    const { database, simulator, api, appid, openid, pushes, ask, sent } = await setUp()
    await sent('first')
    await sent('second', 'undelivered', { openid: simulator.userAt(1).openid })
    simulator.intercept(openid, { templateId })
    for (let n = 0; n < 99; n++) simulator.intercept(`o${n}`, { templateId })
    simulator.intercept(simulator.userAt(1).openid, { templateId })
    const getIntercepted: WechatApi['getIntercepted'] = (id, last) =>
      last === 0 ? api.getIntercepted(id, last) : Promise.reject(new Error('killed'))
    await expect(ask({ api: { getIntercepted } })).rejects.toThrow('killed')
    expect(await database.intercepted(appid).findLast(templateId)).toBe(100)
    expect(await ask()).toEqual({ told: 1, explained: 1 })
    expect((await pushes.find('first'))?.seq).toBe(2)
    expect((await pushes.find('second'))?.seq).toBe(2)
  })

  test('a page that two processes were told changes a push once, and a push that is sent again is left alone', async () => {
    const { database, appid, pushes, sent } = await setUp()
    const intercepted = database.intercepted(appid)
    await sent('p')
    await sent('again')
    await pushes.recordResent([{ id: 'again', generation: 0, jobId: 'j' }])
    const page = ['p', 'again'].map((id, n) => ({ id: n + 1, push: { id, generation: 0, detail: 'd' } }))
    await Promise.all([intercepted.record(templateId, page, 1), intercepted.record(templateId, page, 1)])
    expect(await pushes.find('p')).toMatchObject({ detail: 'd', seq: 2 })
    expect(await pushes.find('again')).toMatchObject({ status: 'queued', detail: null })
  })

  test('a template that is gone since it was listed ends nothing', async () => {
    const { database, simulator, appid, ask } = await setUp()
    const gone = { title: '', content: '', example: '', primaryIndustry: '', deputyIndustry: '' }
    const listed = await database.templates(appid).list()
    await database.templates(appid).replace([{ ...gone, templateId: 'A' }, ...listed], Date.now())
    simulator.intercept('o', { templateId })
    expect(await ask()).toEqual({ told: 1, explained: 0 })
  })

  test('of what was told long ago only the last of each template is kept', async () => {
    const { database, appid } = await setUp()
    const intercepted = database.intercepted(appid)
    const told = [1, 2, 3].map((id) => ({ id, push: null }))
    await intercepted.record(templateId, told, 1_000)
    await intercepted.record(other, [{ id: 9, push: null }], Date.now())
    expect(await intercepted.purge(Date.now() - day, 1)).toBe(1)
    expect(await intercepted.purge(Date.now() - day, 100)).toBe(1)
    expect(await intercepted.purge(Date.now() - day, 100)).toBe(0)
    expect(await intercepted.findLast(templateId)).toBe(3)
    expect(await intercepted.findLast(other)).toBe(9)
  })
})

function toOutcome(seq: number, more: Partial<RecipientOutcome>): RecipientOutcome {
  const now = Date.now()
  const nothing = { reason: null, detail: null, errcode: null, errmsg: null, rid: null }
  const accepted = { openid: null, status: 'sent', attempts: 1, generation: 0, wasRetried: false } as const
  return { ...nothing, ...accepted, seq, msgid: `12266910${seq}`, sentAt: now, finishedAt: now, ...more }
}
