import pg from 'pg'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { day, hour } from '../../../src/base/duration.ts'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import type { Write } from '../../../src/db/database.ts'
import { openPostgres } from '../../../src/db/postgres/stores.ts'
import type { Stores } from '../../../src/db/stores.ts'
import { nothingDone } from '../../../src/db/syncRuns.ts'
import { pushStatuses } from '../../../src/push/status.ts'
import { createTestSchema } from '../../helpers/postgres.ts'
import { createTestLog } from '../../helpers/pushing.ts'
import { toPushRow } from '../pushRow.ts'
import { toManyRows } from './manyRows.ts'

const appid = 'wx1'
const mini = 'mini'
/** Rows that a step may read for nothing, or sort: a small table is read faster than its index. The large ones have 30,000. */
const few = 2_000

/** Steps that read or sort more, each with the reason why it may. */
const allowed: [step: RegExp, reason: string][] = [
  [/^Aggregate .* group by unionid having/s, 'finds the few in a page of the index over all, once a sync'],
  [/^Sort .* limit 5000/s, 'a page of a table that is so small that sorting it costs less'],
  [
    /^Index Scan (sessions sessions_expires|users users_login|followers followers_unsubscribed) .* appid \|\| '' = /s,
    'what ran out of other accounts, which they delete within the hour',
  ],
]

/** Statements as the driver got them, by their text. */
function listen(): Map<string, readonly unknown[]> {
  const asked = new Map<string, readonly unknown[]>()
  const { query } = pg.Client.prototype
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const { name, text, values } = Object(args[0])
    if (name !== undefined && !/^(begin|commit)$/.test(text) && !asked.has(text)) asked.set(text, values)
    return Reflect.apply(query, this, args)
  })
  return asked
}
afterEach(() => void vi.restoreAllMocks())

/** Notes the methods of a store that are called. */
function watch<Store extends object>(name: string, store: Store, called: Set<string>): Store {
  return new Proxy(store, {
    get(target, key) {
      called.add(`${name}.${String(key)}`)
      return Reflect.get(target, key)
    },
  })
}

async function open(url: string): Promise<Stores> {
  const database = await openPostgres({ ...toPostgresAddress(url), log: createTestLog().log })
  onTestFinished(() => database.close())
  return database
}

/** Asks every store for everything it can. */
async function askEverything(database: Stores, now: number): Promise<{ missing: string[] }> {
  const called = new Set<string>()
  const stores: Record<string, object> = {}
  const take = <Store extends object>(name: string, store: Store): Store => {
    stores[name] = store
    return watch(name, store, called)
  }
  const write = async (...writes: (Write | Write[])[]) => void (await database.write(writes.flat()))
  const openids = Array.from({ length: 100 }, (_, n) => `o${n + 1}`)
  const infos = openids.map((openid) => ({ openid, unionid: `u${openid.slice(1)}`, subscribed: true }))

  const state = take('accountState', database.accountState(appid))
  const pause = { reason: 'account_restricted', detail: '', since: now, probeAt: now } as const
  await state.pause(pause)
  await state.find()
  await state.claimProbe(now, now + hour)
  await state.startTrial(pause.reason)
  await state.refuseTrial(pause)
  await state.startTrial(pause.reason)
  await state.endTrial()
  await state.pauseByHand({ detail: '', since: now })
  await state.resume()
  await state.slowDown({ rate: 1, refusedRate: 1, at: now, apart: 1 })
  await state.setRate(1, now)

  const events = take('callbackEvents', database.callbackEvents(appid))
  await events.record({ kind: 'subscribe', openid: 'o1', at: now, msgid: '', status: '', app: '' }, now)
  await events.findNew(now, 500)
  await events.findApplied(now, 500)
  await write(events.toUpdate([{ id: 1, tries: 1, dueAt: null }]))
  await events.hurry(now)
  await events.purge(now - 15_000 * 60_000)

  const followers = take('followers', database.followers(appid))
  const run = { runId: 7, staleBefore: now - day, asksNameless: true, now }
  await followers.findByUnionid('u1')
  await followers.findRecipient('u1')
  await followers.findFormer('u6')
  await followers.findByOpenid('o1')
  await followers.findByOpenids(openids)
  await followers.upsert(infos, { at: now })
  await followers.markUnsubscribed(openids, now)
  await followers.hasEverSynced()
  await followers.counts()
  await write(followers.toUpsert(infos, { at: now, runId: 7 }))
  await followers.findSample(100)
  await followers.countNameless(100)
  await followers.findListed(openids, run)
  for await (const _ of followers.unlisted({ id: 7, startedAt: now, now }));
  await followers.findSharing('u3')
  for await (const _ of followers.sharedUnionids());
  await followers.settle(infos, { at: now, nameless: ['o1'] })

  const live = take('liveFollowers', database.liveFollowers(appid))
  const changes = openids.map((openid) => ({ openid, at: now, now }))
  const gone = openids.map((openid) => ({ openid, app: mini }))
  await write(live.toFollow(changes), live.toUnfollow(changes))
  await write(live.toForgetFollowers(gone), live.toForgetUsers(gone))
  await live.purgeUnfollowed(now - 15_000 * 60_000)

  const pushes = take('pushes', database.pushes(appid))
  const row = toPushRow({ id: 'new', appid, unionid: 'u1', openid: 'o1', createdAt: now, unknownSince: now })
  await pushes.find('p1')
  await pushes.add(row)
  await pushes.record(row)
  await write(pushes.toRecord(row))
  await pushes.recordSent({ id: 'new', generation: 0, attempts: 1, msgid: '7', sentAt: now })
  await pushes.cancel('new', now)
  await pushes.findOpen(now, undefined, 500)
  const [last] = await pushes.findOpen(now, undefined, 1)
  await pushes.findOpen(now, last, 500)
  await pushes.recordResent([{ id: 'new', generation: 0, jobId: 'again' }])
  for (const unionid of [undefined, 'u1'])
    for (const templateId of [undefined, 't1'])
      for (const status of [undefined, ...pushStatuses])
        for (const since of [undefined, now - hour])
          for await (const _ of pushes.history({ unionid, templateId, status, since, limit: 20 }));
  for (const filter of [
    { openid: 'o3' },
    { msgid: '1' },
    { reason: 'data_invalid', status: 'rejected' },
  ] as const)
    for await (const _ of pushes.history({ ...filter, limit: 20 }));
  for await (const _ of pushes.history({ after: { createdAt: now, id: 'p9', isIncluded: true }, limit: 20 }));
  await pushes.countFinished(now - 100 * 60_000)
  await pushes.countSent(now - 100 * 60_000)
  for (const unionid of [null, 'u1'])
    for (const templateId of [undefined, 't1'])
      await pushes.countToUser({ openid: 'o3', unionid, templateId }, now - day, 'p1')
  await pushes.purge(now - 29_000 * 60_000, 500)

  const held = take('heldPushes', database.heldPushes(appid))
  const push = {
    ...row,
    id: 'held',
    status: 'queued',
    reason: 'hold',
    heldFor: 'u1',
    heldAt: now,
    place: 1,
  } as const
  await held.hold(push)
  await held.hold({ ...push, id: 'held2' }, ['wx2'])
  await held.findFirst('u2')
  await held.dropPendingReleases(await held.findPendingReleases(100))
  await held.expire(now - 15_000 * 60_000)
  await held.count()

  const receipts = take('receipts', database.receipts(appid))
  await receipts.findByMsgid('1000000000000000003')
  await receipts.findLatest('o3')
  await write(
    receipts.toSettle([{ id: 'p3', status: 'delivered', reason: null, detail: null, finishedAt: now }]),
  )
  await write(
    receipts.toKeep([{ openid: 'o', msgid: '1', status: '', at: now, receivedAt: now, dueAt: now }]),
  )
  const unmatched = await receipts.findUnmatched(now + hour, 500)
  await write(receipts.toPostpone([{ id: 1, dueAt: now }]), receipts.toDrop(unmatched))
  await receipts.countUnmatched()

  const leases = take('leases', database.leases())
  await leases.acquire('sync', 'me', hour)
  await leases.renew('sync', 'me', hour)
  await leases.find('sync')
  const circuits = take('openCircuits', database.openCircuits(appid))
  await circuits.record('me', { need: 'queue', detail: '', since: now, until: now })
  await circuits.findOldest(now)
  await circuits.remove('me', 'queue')

  const runs = take('syncRuns', database.syncRuns(appid))
  await runs.findLast()
  await runs.findLastComplete()
  const { id } = await runs.begin({ full: false, now, resumableSince: now - day })
  const heldRun = { id, lease: 'sync', owner: 'me' }
  const position = { total: 1, cursor: null, listed: false }
  await write(runs.toFull(id))
  await runs.record(heldRun, { step: nothingDone, position, seen: [{ chunk: 1, bits: Buffer.from([1]) }] })
  await runs.findSeen(id)
  await runs.finish(heldRun, { status: 'interrupted', error: null, finishedAt: now })
  await runs.begin({ full: false, now, resumableSince: now - day })
  await runs.finish(heldRun, { status: 'complete', error: null, finishedAt: now })
  await runs.purge(now - 100 * day)
  await leases.release('sync', 'me')
  await leases.purge()

  const templates = take('templates', database.templates(appid))
  await templates.find('t1')
  await templates.replace(await templates.list(), now)
  const tokens = take('tokens', database.tokens())
  await tokens.save(appid, { token: 't', obtainedAt: now, expiresAt: now })
  await tokens.load(appid)

  const sessions = take('sessions', database.sessions(mini))
  const token = 'a'.repeat(43)
  const users = take('users', database.users(mini))
  await users.recordLogin({ openid: 'm1', unionid: 'u1', sessionKey: 'k', at: now })
  await sessions.start({ token, openid: 'm1', createdAt: now, expiresAt: now + hour })
  await sessions.find(token, now)
  await sessions.extend(token, now + hour)
  await database.sessionUsers()('0'.repeat(64))
  await sessions.end(token)
  await sessions.purge(now - 15_000 * 60_000)
  await users.find('m1')
  await users.setUnionid({ openid: 'm1', unionid: 'u' })
  await users.completeUnionid({ openid: 'm1', unionid: 'u' })
  await users.setSessionKey({ openid: 'm1', sessionKey: 'k' })
  await users.findRecent(20)
  await users.purge({ before: now - 15_000 * 60_000, now })

  // Only what the others are made of.
  called.add('followers.toUnsubscribe')
  const all = Object.entries(stores).flatMap(([name, store]) =>
    Object.keys(store).map((key) => `${name}.${key}`),
  )
  return { missing: all.filter((method) => !called.has(method)) }
}

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Filter?: string
  Plans?: Plan[]
}

function toSteps(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(toSteps)]
}

/** Reads many rows that it does not give, or the whole of a large table, or sorts many. */
function isWasteful(step: Plan): boolean {
  const loops = step['Actual Loops']
  const removed = (step['Rows Removed by Filter'] ?? 0) + (step['Rows Removed by Index Recheck'] ?? 0)
  if (removed * loops > few) return true
  const isWhole = /^(Seq Scan|Sort|Incremental Sort|Parallel)/.test(step['Node Type'])
  return isWhole && step['Actual Rows'] * loops > few
}

function describe(step: Plan): string {
  const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index = '' } = step
  const removed = step['Rows Removed by Filter'] ?? 0
  return `${type} ${table} ${index} (${step['Actual Rows']} rows, ${removed} removed, ${step['Actual Loops']} loops)`
}

function toLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map(toElement).join(',')}}`)
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`
  return pg.escapeLiteral(String(value))
}

function toElement(value: unknown): string {
  return Buffer.isBuffer(value) ? `"\\\\x${value.toString('hex')}"` : JSON.stringify(value)
}

/** What a statement really does, with a plan made for its values and with one made for any. */
async function explain(client: pg.Client, sql: string, values: readonly unknown[]): Promise<Plan[]> {
  const steps: Plan[] = []
  await client.query(`prepare explained as ${sql}`)
  for (const mode of ['force_custom_plan', 'force_generic_plan']) {
    const params = values.length > 0 ? `(${values.map(toLiteral).join(', ')})` : ''
    await client.query(`begin; set local plan_cache_mode = ${mode}`)
    const explained = `explain (analyze, timing off, format json) execute explained${params}`
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(explained)
    for (const row of rows) steps.push(...toSteps(row['QUERY PLAN'][0].Plan))
    await client.query('rollback')
  }
  await client.query('deallocate explained')
  return steps
}

test('every statement of every store finds its rows by an index that fits, whatever its values', async () => {
  const schema = await createTestSchema()
  await (await open(schema.url)).close()
  const now = Date.now()
  for (const sql of toManyRows(appid, now).split(';\n')) await schema.query(sql)
  const database = await open(schema.url)
  const asked = listen()
  const { missing } = await askEverything(database, now)
  expect(missing).toEqual([])
  vi.restoreAllMocks()
  // Fewer would mean that the stores are not listened to any more.
  expect(asked.size).toBeGreaterThan(100)

  const address = toPostgresAddress(schema.url)
  const client = new pg.Client({ connectionString: address.url })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`set search_path to ${address.schema}`)
  const faults: string[] = []
  for (const [sql, values] of asked) {
    for (const step of await explain(client, sql, values)) {
      const told = `${describe(step)} <- ${sql}`
      if (isWasteful(step) && !allowed.some(([pattern]) => pattern.test(told))) faults.push(told)
    }
  }
  expect(faults).toEqual([])
})
