import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import type { Language } from '../../src/base/sentences/language.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { createAccountState } from '../../src/db/sqlite/account/accountState.ts'
import { createAccountGuard } from '../../src/health/accountGuard.ts'
import { createAlerts } from '../../src/health/alerts.ts'
import type { PauseAlert } from '../../src/health/alertText.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { createTestLog } from '../helpers/pushing.ts'
import { findClosedBase, type SeenRequest, startScriptedServer } from '../helpers/scriptedServer.ts'

const account = 'wx0123456789abcdef'
const path = '/cgi-bin/webhook/send?key=693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa'
const proxy = { http: undefined, https: undefined, none: undefined }
const probeAt = Date.UTC(2026, 10, 20, 16, 1)
const paused: PauseAlert = {
  kind: 'paused',
  reason: 'ip_not_allowed',
  detail: 'IP 118.190.42.90 is not in the whitelist',
  probeAt,
}
const resumed: PauseAlert = { kind: 'resumed', reason: 'ip_not_allowed' }
const ok = '{"errcode":0,"errmsg":"ok"}'
const contentOf = ({ text }: SeenRequest): string => JSON.parse(text).text.content

function open(base: string, language: Language = 'zh') {
  const { log, lines } = createTestLog()
  const alerts = createAlerts({ account, url: base + path, proxy, language, log })
  onTestFinished(alerts.close)
  return { alerts, lines }
}

describe('an alert', () => {
  test('is what a group robot of WeCom takes, and says who, what, why, what to do and what comes next', async () => {
    const server = await startScriptedServer((response) => response.end(ok))
    const { alerts, lines } = open(server.base)
    alerts.post(paused)
    const numbers = '(errcode 99999, rid 6aac0077-33f385b5-58f65b9f)'
    alerts.post({ ...paused, reason: 'manual', detail: `${'d'.repeat(5_000)} ${numbers}`, probeAt: null })
    alerts.post(resumed)
    await alerts.close()
    const [first, second, third] = server.requests
    expect(first).toMatchObject({ method: 'POST', path: '/cgi-bin/webhook/send' })
    expect(first?.query.get('key')).toBe('693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa')
    expect(JSON.parse(first?.text ?? '')).toEqual({ msgtype: 'text', text: { content: expect.any(String) } })
    for (const part of [
      account,
      '已暂停',
      '不在白名单',
      '118.190.42.90',
      'IP白名单',
      '2026-11-21 00:01:00',
    ]) {
      expect(first && contentOf(first)).toContain(part)
    }
    expect(second && contentOf(second)).toContain('unionpush resume')
    expect(second && contentOf(second)).toContain(numbers)
    expect(Buffer.byteLength(second ? contentOf(second) : '')).toBeLessThan(2_048)
    expect(third && contentOf(third)).toContain('已恢复')
    expect(server.requests).toHaveLength(3)
    expect(lines).toEqual([])
  })

  test('is in English for those who asked for it', async () => {
    const server = await startScriptedServer((response) => response.end(ok))
    const { alerts } = open(server.base, 'en')
    alerts.post(paused)
    alerts.post({ kind: 'broadcast_paused', broadcast: 'b1', name: 'sale', reason: 'failures', detail: 'd' })
    await alerts.close()
    const [first, second] = server.requests.map(contentOf)
    expect(first).toBe(
      `【unionpush】service account ${account} is paused
Why: the IP of this server is not in the whitelist (ip_not_allowed)
Detail: IP 118.190.42.90 is not in the whitelist
What to do: add it under 微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发信息 > IP白名单 (formerly 设置与开发 > 基本配置 > IP白名单)
Next look: 2026-11-21 00:01:00 (Beijing time); it goes on by itself once the cause is gone. All pushes stay in the queue`,
    )
    expect(second).toContain('broadcast "sale" (b1)')
  })

  test('that the robot refuses is logged once and not repeated', async () => {
    const server = await startScriptedServer((response) =>
      response.end('{"errcode":93000,"errmsg":"invalid webhook url"}'),
    )
    const { alerts, lines } = open(server.base)
    alerts.post(paused)
    await alerts.close()
    expect(server.requests).toHaveLength(1)
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', detail: 'errcode 93000: invalid webhook url' }),
    ])
  })

  test('may be answered with anything by something else than a robot', async () => {
    const server = await startScriptedServer((response) => response.end('thanks'))
    const { alerts, lines } = open(server.base)
    alerts.post(paused)
    await alerts.close()
    expect(lines).toEqual([])
  })

  test('is repeated while the server fails, and the next one waits for it', async () => {
    let failures = 1
    const server = await startScriptedServer((response) => {
      response.statusCode = failures-- > 0 ? 500 : 200
      response.end(ok)
    })
    const { alerts, lines } = open(server.base)
    alerts.post(paused)
    alerts.post(resumed)
    await vi.waitUntil(() => server.requests.length === 3, { timeout: 10 * second })
    expect(server.requests.map((request) => contentOf(request).includes('已暂停'))).toEqual([
      true,
      true,
      false,
    ])
    await alerts.close()
    expect(lines).toEqual([])
  })

  test('is given up after a few repetitions, with one line that does not tell the key', async () => {
    const server = await startScriptedServer((response) => {
      response.statusCode = 500
      response.end()
    })
    const failing = open(server.base)
    const refused = open(await findClosedBase())
    for (const { alerts } of [failing, refused]) alerts.post(paused)
    await vi.waitUntil(() => failing.lines.length + refused.lines.length >= 2, { timeout: 20 * second })
    expect(server.requests).toHaveLength(4)
    expect(failing.lines).toEqual([expect.objectContaining({ level: 'error', detail: 'HTTP 500' })])
    expect(refused.lines).toEqual([expect.objectContaining({ level: 'error', detail: 'ECONNREFUSED' })])
    expect(JSON.stringify([failing.lines, refused.lines])).not.toContain('693axxx6')
  })

  test('holds up neither its caller nor the end of the process when the server does not answer', async () => {
    const server = await startScriptedServer(() => {})
    const { alerts, lines } = open(server.base)
    const begun = performance.now()
    alerts.post(paused)
    alerts.post(resumed)
    expect(performance.now() - begun).toBeLessThan(2 * second)
    await vi.waitUntil(() => server.requests.length === 1)
    await alerts.close()
    expect(performance.now() - begun).toBeLessThan(4.5 * second)
    expect(server.requests).toHaveLength(1)
    expect(lines.every(({ msg }) => /could not be posted/.test(String(msg)))).toBe(true)
  })

  test('goes nowhere without a URL', async () => {
    const { log, lines } = createTestLog()
    const alerts = createAlerts({ account, url: undefined, proxy, language: 'zh', log })
    alerts.post(paused)
    await alerts.close()
    expect(lines).toEqual([])
  })
})

test(
  'of several processes that meet the same fault one tells, and one tells of its end',
  async () => {
    const server = await startScriptedServer((response) => response.end(ok))
    const { alerts, lines } = open(server.base)
    const database = await openTestDatabase()
    const { log } = createTestLog()
    const queue = {
      pause: async () => {},
      resume: async () => {},
      isPaused: async () => false,
      setGlobalConcurrency: async () => 1,
      removeGlobalConcurrency: async () => 1,
    }
    const guards = Array.from({ length: 3 }, () => {
      const guard = createAccountGuard({
        queue,
        state: createAccountState(database, account),
        api: { getQuota: async () => ({ dailyLimit: 1, used: 0, remain: 1 }) },
        alert: alerts.post,
        log,
      })
      onTestFinished(guard.stop)
      return guard
    })
    await Promise.all(
      [...guards, ...guards].map((guard) => guard.pause({ ...paused, detail: say('wechat.40164') })),
    )
    await vi.waitUntil(() => server.requests.length === 1)
    // Starting, each of them probes at once, and one push at a time may try.
    await Promise.all(guards.map((guard) => guard.start()))
    await vi.waitUntil(() => guards.every((guard) => guard.isTrial()), { timeout: 3 * second })
    for (const guard of guards) guard.sent()
    await vi.waitUntil(() => server.requests.length === 2)
    await alerts.close()
    expect(server.requests.map((request) => contentOf(request).includes('已暂停'))).toEqual([true, false])
    expect(lines).toEqual([])
  },
  minute,
)

test('an alert about syncs says what became of them', async () => {
  const server = await startScriptedServer((response) => response.end(ok))
  const { alerts } = open(server.base)
  alerts.post({ kind: 'sync_failed', status: 'stopped', detail: 'WeChat counts 40 and lists only 22' })
  alerts.post({ kind: 'sync_complete' })
  await alerts.close()
  const [failed = '', complete = ''] = server.requests.map(contentOf)
  expect(failed).toMatch(/wx0123456789abcdef 的粉丝同步停止[\s\S]*lists only 22[\s\S]*unionpush sync/)
  expect(complete).toContain('同步已恢复正常')
})

test('what is on record is told in the language of the group', async () => {
  const server = await startScriptedServer((response) => response.end(ok))
  const { alerts } = open(server.base)
  const detail = toStored(say('wechat.ipNotListed', { ip: '118.190.42.90' }))
  alerts.post({ kind: 'paused', reason: 'ip_not_allowed', detail, probeAt: null })
  await alerts.close()
  expect(server.requests.map(contentOf).join()).toContain('详情：IP 118.190.42.90 不在 IP白名单里')
})
