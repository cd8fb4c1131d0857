import { randomUUID } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account } from '../../../src/account.ts'
import { day, hour, minute } from '../../../src/base/duration.ts'
import type { PushRow } from '../../../src/db/pushes.ts'
import type { CheckStatus } from '../../../src/operations/doctor/check.ts'
import type { Examined } from '../../../src/operations/doctor/run.ts'
import { toNewRow } from '../../../src/sending/processor/pushRow.ts'
import type { SimulatorOptions } from '../../../src/simulator/options.ts'
import type { DoctorWorld } from '../../helpers/doctorWorld.ts'
import { startOlderRedis } from '../../helpers/olderRedis.ts'
import { createRedisServer } from '../../helpers/redisServer.ts'

/** One fault: how it comes about, and what the check of its name says to it. */
export interface DoctorFault {
  says: [status: CheckStatus, detail: RegExp]
  options?: SimulatorOptions
  isSynced?: true
  inject?(world: DoctorWorld): Promise<unknown> | unknown
  /** For what no test can bring about on this machine. */
  change?(examined: Examined, world: DoctorWorld): Examined
}

const templateList = '/cgi-bin/template/get_all_private_template'

/** For every check but the two that look at the size of a disk. */
export const faults: Record<string, DoctorFault> = {
  config: {
    says: ['fail', /WECHAT_SECRET: expected the AppSecret/],
    inject: ({ env }) => delete env.WECHAT_SECRET,
  },
  secrets: {
    says: ['warn', /can read .*\.env \(mode 0644\)/],
    async inject({ dir }) {
      await writeFile(join(dir, '.env'), '')
      await chmod(join(dir, '.env'), 0o644)
    },
    change: (examined, { dir }) => ({ ...examined, machine: { ...examined.machine, cwd: dir } }),
  },
  node: {
    says: ['fail', /Node\.js v20\.18\.3 is too old/],
    change: (examined) => ({ ...examined, machine: { ...examined.machine, nodeVersion: 'v20.18.3' } }),
  },
  data_dir: {
    says: ['fail', /is not a directory/],
    inject: ({ env, dir }) => writeFile(env.DATA_DIR ?? dir, ''),
  },
  database: {
    says: ['fail', /not_a_database/],
    inject: ({ dir }) =>
      writeFile(join(dir, 'unionpush.db'), 'this is no database at all, but a text'.repeat(30)),
  },
  queue: { says: ['fail', /127\.0\.0\.1:1/], inject: ({ env }) => setRedis(env, 'redis://127.0.0.1:1') },
  queue_engine: { says: ['warn', /embedded/], inject: ({ env }) => delete env.REDIS_URL },
  redis_version: {
    says: ['fail', /Redis 6\.0\.\d+ is too old/],
    inject: async ({ env }) => setRedis(env, await startOlderRedis(env.REDIS_URL ?? '')),
  },
  redis_policy: {
    says: ['fail', /maxmemory-policy is allkeys-lru/],
    inject: ({ env }) => useRedisServer(env, ['--maxmemory-policy', 'allkeys-lru']),
  },
  redis_persistence: {
    says: ['warn', /writes nothing to disk/],
    inject: ({ env }) => useRedisServer(env, ['--appendonly', 'no']),
  },
  redis_memory: {
    says: ['fail', /Redis is full/],
    inject: ({ env }) => useRedisServer(env, ['--maxmemory', '500kb']),
  },
  worker: {
    says: ['fail', /no worker answers, and pushes wait: 1/],
    inject: (world) => queueJob(world, Date.now()),
  },
  waiting: {
    says: ['warn', /1 waiting, the first for 60 min/],
    inject: (world) => queueJob(world, Date.now() - hour),
  },
  wechat: {
    says: ['fail', /http:\/\/127\.0\.0\.1:1 cannot be reached: no connection/],
    inject: ({ env }) => setBase(env, 'http://127.0.0.1:1'),
  },
  wechat_fallback: {
    says: ['warn', /127\.0\.0\.1:1 gives no usable answer/],
    inject: ({ env, simulator }) => setBase(env, `${simulator.base},http://127.0.0.1:1`),
  },
  api_base: { says: ['warn', /is reached without TLS/] },
  proxy: {
    says: ['fail', /answers in place of http.*HTTP 200.*: \S/],
    inject: ({ simulator }) => simulator.addFault({ action: 'html' }),
  },
  clock: { says: ['fail', /is 1[12]\d s slow/], inject: ({ simulator }) => simulator.advance(2 * minute) },
  timezone: {
    says: ['warn', /^America\/New_York/],
    inject({ env }) {
      env.TIMEZONE = 'America/New_York'
    },
  },
  webhook: {
    says: ['fail', /127\.0\.0\.1:1 is switched off since 2.*: HTTP 500/],
    async inject({ env, withAccount }) {
      env.WEBHOOK_URL = 'http://127.0.0.1:1/hook'
      env.WEBHOOK_SECRET = `whsec_${Buffer.alloc(24).toString('base64')}`
      await withAccount(async ({ runtime }) => {
        const webhooks = runtime.database.webhooks()
        await webhooks.turnOn()
        await webhooks.switchOff(Date.now(), 'HTTP 500')
      })
    },
  },
  alert_url: {
    says: ['fail', /127\.0\.0\.1:1 cannot be reached/],
    inject({ env }) {
      env.ALERT_WEBHOOK_URL = 'http://127.0.0.1:1/robot?key=secret'
    },
  },
  token: {
    says: ['fail', /AppSecret is wrong.*errcode 40125, rid /],
    inject({ env }) {
      env.WECHAT_SECRET = '0'.repeat(32)
    },
  },
  ip_whitelist: {
    says: ['fail', /sees this machine as 127\.0\.0\.1, which is not in the whitelist \(errcode 40164/],
    options: { ipWhitelist: ['10.0.0.0/8'] },
  },
  token_conflict: {
    says: ['warn', /another program refreshes it by force/],
    async inject({ withAccount, wechat }) {
      await withAccount(({ tokens }) => tokens.get())
      await wechat.fetchStable({ force_refresh: true })
    },
  },
  miniprogram: {
    says: ['fail', /AppSecret is wrong.*40125/],
    inject({ env }) {
      env.WECHAT_MINIPROGRAM_SECRET = '0'.repeat(32)
    },
  },
  permissions: {
    says: ['fail', /list of templates: this account may not call this API \(errcode 48001/],
    inject: ({ simulator }) => simulator.addFault({ path: templateList, action: { errcode: 48001 } }),
  },
  account_kind: { says: ['warn', /test account/], options: { quotas: { token: 200 } } },
  open_platform: { says: ['fail', /none of 30 followers has a unionid/], options: { withoutUnionid: 1 } },
  open_platform_match: {
    says: ['fail', /0 of the last 25 users .* two Open Platform accounts/],
    isSynced: true,
    inject: (world) => recordLogins(world, 25),
  },
  templates: { says: ['fail', /has no template/], options: { templates: [] } },
  templates_paused: {
    says: ['warn', /their pushes wait, all others go on:\ngone-template: restricted/],
    inject: ({ withAccount }) =>
      withAccount(({ templatePauses }) =>
        templatePauses.pause({
          ...{ templateId: 'gone-template', reason: 'content_forbidden', detail: 'restricted' },
          ...{ since: Date.now(), probeAt: Date.now() },
        }),
      ),
  },
  templates_used: {
    says: ['fail', /no longer there: gone-template/],
    inject: (world) => addPushes(world, 3, { status: 'delivered', templateId: 'gone-template' }),
  },
  templates_drift: {
    says: ['warn', /- gone-template Old\n\+/],
    inject: ({ withAccount }) =>
      withAccount(({ templates }) => templates.replace([toTemplate('gone-template')], Date.now())),
  },
  quota: {
    says: ['fail', /0 of 0 sends are used: nothing goes out/],
    options: { quotas: { templateSend: 0 } },
  },
  quota_sync: {
    says: ['warn', /asks for 2 pages .* only [01] of 1 call /],
    options: { quotas: { userGet: 1 }, followers: 10_001 },
  },
  callback_settings: {
    says: ['warn', /no Token .*WECHAT_CALLBACK_TOKEN/],
    inject({ env }) {
      delete env.WECHAT_CALLBACK_TOKEN
      delete env.WECHAT_ENCODING_AES_KEY
    },
  },
  callback: { says: ['fail', /no callback URL in the console/] },
  receipts: {
    says: ['fail', /a receipt for 0 of 6 pushes/],
    inject: (world) => addPushes(world, 6, { status: 'sent', sentAt: Date.now() - hour }),
  },
  followers: { says: ['warn', /no sync was complete yet/] },
  followers_match: {
    says: ['warn', /30 are known, WeChat counts 180/],
    isSynced: true,
    inject({ simulator }) {
      for (let n = 0; n < 150; n++) simulator.follow()
    },
  },
  unionids_shared: {
    says: ['warn', /several followers carry: 1/],
    isSynced: true,
    inject: ({ withAccount }) =>
      withAccount(({ followers }) =>
        followers.upsert(
          ['a', 'b'].map((openid) => ({ openid, unionid: 'both', subscribed: true })),
          { at: Date.now() },
        ),
      ),
  },
  sync: { says: ['warn', /there was none yet/] },
  cron: {
    says: ['warn', /access_token has run out/],
    isSynced: true,
    inject: ({ withAccount, appid }) =>
      withAccount(({ runtime }) => {
        const token = { token: 'x', obtainedAt: Date.now() + 1, expiresAt: Date.now() - minute }
        return runtime.database.tokens().save(appid, token)
      }),
  },
  paused: {
    says: ['fail', /paused since .*: the secret was reset/],
    inject: ({ withAccount }) =>
      withAccount(({ accountState }) =>
        accountState.pause({
          reason: 'credentials_invalid',
          detail: 'the secret was reset',
          since: Date.now(),
          probeAt: Date.now() + hour,
        }),
      ),
  },
  circuit: {
    says: ['warn', /a worker waits for the wechat since .*: HTTP status 502/],
    inject: ({ withAccount }) =>
      withAccount(({ openCircuits }) =>
        openCircuits.record('me', {
          need: 'wechat',
          detail: 'HTTP status 502',
          since: Date.now() - minute,
          until: Date.now() + hour,
        }),
      ),
  },
  rate: {
    says: ['warn', /only 0\.5 sends a second/],
    inject: ({ withAccount }) =>
      withAccount(({ accountState }) =>
        accountState.slowDown({ rate: 0.5, refusedRate: 1, at: Date.now(), apart: 1_000 }),
      ),
  },
  outcomes: {
    says: ['warn', /20 of 20 pushes .* most of them with template_invalid/],
    inject: (world) => addPushes(world, 20, { status: 'rejected', reason: 'template_invalid' }),
  },
}

function setRedis(env: Record<string, string>, url: string): void {
  env.REDIS_URL = url
}

function setBase(env: Record<string, string>, bases: string): void {
  env.WECHAT_API_BASE = bases
}

async function useRedisServer(env: Record<string, string>, options: string[]): Promise<void> {
  const server = await createRedisServer(...options)
  await server.start()
  setRedis(env, server.url)
}

function queueJob({ withAccount }: DoctorWorld, timestamp: number): Promise<unknown> {
  return withAccount((account) =>
    account.openQueue().run((queue) => queue.add('push', {}, { jobId: randomUUID(), timestamp })),
  )
}

function addPushes(
  { withAccount, appid }: DoctorWorld,
  count: number,
  more: Partial<PushRow>,
): Promise<void> {
  return withAccount(async ({ pushes }: Account) => {
    for (let n = 0; n < count; n++) {
      const push = { v: 1 as const, id: `p${n}`, unionid: 'u', templateId: 't', data: {} }
      const delivery = { jobId: push.id, data: push, timestamp: Date.now(), starts: 1 }
      await pushes.add({ ...toNewRow(appid, push, delivery), finishedAt: Date.now(), ...more })
    }
  })
}

function recordLogins({ withAccount, simulator }: DoctorWorld, count: number): Promise<void> {
  return withAccount(async ({ runtime }) => {
    const users = runtime.database.users(simulator.miniprogram.appid)
    for (let n = 0; n < count; n++) {
      await users.recordLogin({
        openid: `o${n}`,
        unionid: `other-${n}`,
        sessionKey: 'k',
        at: Date.now() - day,
      })
    }
  })
}

function toTemplate(templateId: string) {
  return {
    templateId,
    title: 'Old',
    content: '{{thing1.DATA}}',
    example: '',
    primaryIndustry: '',
    deputyIndustry: '',
  }
}
