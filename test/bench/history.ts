import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { createAccount } from '../../src/account.ts'
import { day } from '../../src/base/duration.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { openQueueRuntime } from '../../src/runtime.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'
import { toOnlyAccount } from '../helpers/onlyAccount.ts'
import { redisUrl, withAccount } from './measure.ts'
import { serveApi } from './pages.ts'

const log = pino({ level: 'silent' })
const span = 90 * day
const templates = 20
const asksEach = 100

interface History {
  appid: string
  pushes: number
  users: number
  /** When the oldest was asked for, epoch milliseconds. */
  begin: number
}

type Query = (random: () => number) => string

/**
 * Lists and searches of the API over HTTP, one after the other, each a first page of 50, in milliseconds that 95 of 100
 * stay under: under 200 with 10,000,000 pushes. The table is filled by SQL, 10 pushes a user over 90 days; that takes
 * 14 GB of disk.
 */
export async function benchHistory(pushes = Number(process.env.BENCH_PUSHES ?? 10_000_000)) {
  return withAccount(async (appid) => {
    const directory = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
    const history = { appid, pushes, users: pushes / 10, begin: Date.now() - span }
    const databaseUrl = join(directory, 'history.db')
    const config = toOnlyAccount(
      loadConfig({
        WECHAT_APPID: appid,
        WECHAT_SECRET: 'bench',
        DATA_DIR: directory,
        DATABASE_URL: `file:${databaseUrl}`,
        REDIS_URL: redisUrl,
      }),
    )
    await fill(databaseUrl, history)
    const runtime = await openQueueRuntime(config, log, createUndiciTransport)
    const account = createAccount(runtime, config)
    const queries = Object.entries(toQueries(history))
    const api = await serveApi(account, log, queries.length)
    try {
      const figures: Record<string, number> = {}
      for (const [n, [name, toQuery]] of queries.entries()) {
        const headers = { authorization: `Bearer ${api.keys[n]}` }
        figures[name] = await measure(async (random) => {
          const answer = await fetch(`${api.url}/v1${toQuery(random)}`, { headers })
          await answer.text()
          if (answer.status !== 200 && answer.status !== 404) throw new Error(`${name}: ${answer.status}`)
        })
      }
      return {
        bench: 'history',
        unit: 'ms, p95',
        pushes,
        worst: Math.max(...Object.values(figures)),
        figures,
      }
    } finally {
      await api.close()
      await account.close()
      await runtime.close()
      await rm(directory, { recursive: true })
    }
  })
}

function toQueries({ pushes, users, begin }: History): Record<string, Query> {
  const below = (total: number, random: () => number) => Math.floor(random() * total)
  const template = (random: () => number) => `template=${toTemplate(below(templates, random))}`
  const since = (random: () => number) => `since=${new Date(begin + below(span, random)).toISOString()}`
  const until = (random: () => number) => `until=${new Date(begin + below(span, random)).toISOString()}`
  return {
    all: () => '/pushes',
    'until a day': (random) => `/pushes?${until(random)}`,
    'since a day': (random) => `/pushes?${since(random)}`,
    id: (random) => `/pushes/order-${below(pushes, random)}-shipped`,
    'unknown id': (random) => `/pushes/nothing-${below(pushes, random)}`,
    unionid: (random) => `/pushes?unionid=${toUnionid(below(users, random))}`,
    'unionid and status': (random) => `/pushes?status=rejected&unionid=${toUnionid(below(users, random))}`,
    openid: (random) => `/pushes?openid=${toOpenid(below(users, random))}`,
    msgid: (random) => `/pushes?msgid=${toMsgid(below(pushes, random))}`,
    'mini-program openid': (random) => `/users/${toOpenid(below(users, random))}`,
    follower: (random) => `/followers/${toUnionid(below(users, random))}`,
    delivered: () => '/pushes?status=delivered',
    sent: () => '/pushes?status=sent',
    rejected: () => '/pushes?status=rejected',
    'rejected until a day': (random) => `/pushes?status=rejected&${until(random)}`,
    template: (random) => `/pushes?${template(random)}`,
    'template until a day': (random) => `/pushes?${template(random)}&${until(random)}`,
    'template and rejected': (random) => `/pushes?${template(random)}&status=rejected`,
    'template and delivered': (random) => `/pushes?${template(random)}&status=delivered`,
    'common reason': () => '/pushes?reason=not_following',
    'rare reason': () => '/pushes?reason=url_invalid',
    'reason that never was': () => '/pushes?reason=capped',
    'reason and template': (random) => `/pushes?reason=url_invalid&${template(random)}`,
    'status and rare reason': () => '/pushes?status=rejected&reason=url_invalid',
    'rare reason until a day': (random) => `/pushes?reason=url_invalid&${until(random)}`,
  }
}

const toUnionid = (user: number) => `o6_bm${String(user).padStart(23, '0')}`
const toOpenid = (user: number) => `oABCa${String(user).padStart(23, '0')}`
const toTemplate = (n: number) => `bench-template-${String(n).padStart(28, '0')}`
const toMsgid = (n: number) => `4${String(n).padStart(18, '0')}`

/** Nine of ten delivered; a fault in a thousand is a rare one. */
const fillSql = `
with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < :pushes),
  drawn (n, user, draw) as (select n, (n * 2654435761) % :users, (n * 48271) % 1000 from numbers)
insert into pushes (id, appid, unionid, openid, template_id, status, reason, detail, msgid, errcode, errmsg, attempts,
  generation, message, created_at, sent_at, finished_at)
select 'order-' || n || '-shipped', :appid, printf('o6_bm%023d', user), printf('oABCa%023d', user),
  printf('bench-template-%028d', n % ${templates}),
  case when draw < 900 then 'delivered' when draw < 950 then 'sent' when draw < 970 then 'skipped'
    when draw < 990 then 'rejected' else 'undelivered' end,
  case when draw < 950 then null when draw < 970 then 'not_following' when draw < 989 then 'data_invalid'
    when draw < 990 then 'url_invalid' else 'user_block' end,
  case when draw < 950 then null else 'as the bench has it' end,
  case when draw < 950 or draw >= 990 then printf('4%018d', n) end,
  case when draw between 970 and 989 then 47003 end, case when draw between 970 and 989 then 'argument invalid' end,
  1, 0, :message, :begin + n * :step, :begin + n * :step + 100, :begin + n * :step + 200
from drawn`

async function fill(path: string, { appid, pushes, users, begin }: History): Promise<void> {
  const database = await openSqlite({ path, log })
  await database.close()
  const connection = new Sqlite(path)
  connection.pragma('synchronous = OFF')
  connection.pragma('cache_size = -1048576')
  const indexes = connection
    .prepare<[], { name: string; sql: string }>(
      "select name, sql from sqlite_master where type = 'index' and tbl_name = 'pushes' and sql is not null",
    )
    .all()
  for (const { name } of indexes) connection.exec(`drop index ${name}`)
  const message = JSON.stringify({
    ...{ v: 1, id: 'order-0-shipped', templateId: toTemplate(0), unionid: toUnionid(0) },
    data: { thing1: '订单已发货', time2: '2026-11-20 15:01', character_string3: 'SF1', phrase4: '运输中' },
  })
  connection.prepare(fillSql).run({ appid, pushes, users, begin, message, step: span / pushes })
  for (const { sql } of indexes) connection.exec(sql)
  connection.close()
}

/** In milliseconds what 95 of 100 stay under. */
async function measure(ask: (random: () => number) => Promise<void>): Promise<number> {
  let state = 1
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const times: number[] = []
  for (let n = 0; n < asksEach; n++) {
    const begun = performance.now()
    await ask(random)
    times.push(performance.now() - begun)
  }
  return Math.round(times.sort((a, b) => a - b)[Math.floor(asksEach * 0.95)] ?? 0)
}
