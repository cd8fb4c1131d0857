import { day, hour } from '../../../src/base/duration.ts'
import type { RecipientOutcome } from '../../../src/db/broadcasts/recipients.ts'
import type { NewBroadcast } from '../../../src/db/broadcasts/row.ts'
import type { Write } from '../../../src/db/database.ts'
import type { Stores } from '../../../src/db/stores.ts'
import { nothingDone } from '../../../src/db/syncRuns.ts'
import { failedStatuses, pushStatuses } from '../../../src/push/status.ts'
import { toPushRow } from '../pushRow.ts'

export const appid = 'wx1'
const mini = 'mini'

interface Asking {
  database: Stores
  now: number
  /** The store with its name, whose methods are noted when they are called. */
  take<Store extends object>(name: string, store: Store): Store
  write(...writes: (Write | Write[])[]): Promise<void>
}

/** Has every store do everything it can; resolves with the methods that nobody called, and the stores nobody made. */
export async function askEverything(database: Stores, now: number): Promise<string[]> {
  const made = new Set<string>()
  // Only what the others are made of.
  const called = new Set(['followers.toUnsubscribe'])
  const stores: Record<string, object> = {}
  const asking: Asking = {
    database: watch(database, (key) => made.add(key)),
    now,
    take(name, store) {
      stores[name] = store
      return watch(store, (key) => called.add(`${name}.${key}`))
    },
    write: async (...writes) => void (await database.write(writes.flat())),
  }
  await askAccount(asking)
  await askEvents(asking)
  await askFollowers(asking)
  await askPushes(asking)
  await askHeldPushes(asking)
  await askReceipts(asking)
  await askSyncRuns(asking)
  await askUsers(asking)
  await askBroadcasts(asking)
  await askWebhooks(asking)

  const engine = ['query', 'write', 'writeSoon', 'writeApart', 'close']
  const all = Object.entries(stores).flatMap(([name, store]) =>
    methodsOf(store).map((key) => `${name}.${key}`),
  )
  return [
    ...methodsOf(database).filter((key) => !made.has(key) && !engine.includes(key)),
    ...all.filter((method) => !called.has(method)),
  ]
}

function methodsOf(store: object): string[] {
  return Object.entries(store).flatMap(([key, value]) => (typeof value === 'function' ? [key] : []))
}

function watch<Store extends object>(store: Store, onUse: (key: string) => void): Store {
  return new Proxy(store, {
    get(target, key) {
      onUse(String(key))
      return Reflect.get(target, key)
    },
  })
}

const openids = Array.from({ length: 100 }, (_, n) => `o${n + 1}`)
const infos = openids.map((openid) => ({ openid, unionid: `u${openid.slice(1)}`, subscribed: true }))

async function askAccount({ database, now, take }: Asking): Promise<void> {
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
  const templates = take('templates', database.templates(appid))
  await templates.find('t1')
  await templates.isGone('t1')
  const pauses = take('templatePauses', database.templatePauses(appid))
  await pauses.pause({ templateId: 't1', reason: 'template_invalid', detail: 'd', since: now, probeAt: now })
  await pauses.list()
  await pauses.claimProbe('t1', now, now + 1)
  await pauses.resume('t1')
  await templates.replace(await templates.list(), now)
  const audit = take('audit', database.audit())
  const entry = await audit.add({
    at: now,
    keyName: 'k',
    role: 'operate',
    action: 'pause',
    account: null,
    target: null,
    detail: null,
  })
  await audit.change(entry, { account: null, target: null, detail: null })
  await audit.remove(entry)
  for await (const _ of audit.list(now - hour));
  await audit.purge(now - day, 1_000)
  const tokens = take('tokens', database.tokens())
  await tokens.save(appid, { token: 't', obtainedAt: now, expiresAt: now })
  await tokens.load(appid)
}

async function askEvents({ database, now, take, write }: Asking): Promise<void> {
  const events = take('callbackEvents', database.callbackEvents(appid))
  await events.record({ kind: 'subscribe', openid: 'o1', at: now, msgid: '', status: '', app: '' }, now)
  await events.findNew(now, 500)
  await events.findApplied(now, 500)
  await write(events.toUpdate([{ id: 1, tries: 1, dueAt: null }]))
  await events.hurry(now)
  await events.purge(now - 15_000 * 60_000)
  const live = take('liveFollowers', database.liveFollowers(appid))
  const changes = openids.map((openid) => ({ openid, at: now, now }))
  const gone = openids.map((openid) => ({ openid, app: mini }))
  await write(live.toFollow(changes), live.toUnfollow(changes))
  await write(live.toForgetFollowers(gone), live.toForgetUsers(gone))
  await live.purgeUnfollowed(now - 15_000 * 60_000)
}

async function askFollowers({ database, now, take, write }: Asking): Promise<void> {
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
}

async function askPushes({ database, now, take, write }: Asking): Promise<void> {
  const pushes = take('pushes', database.pushes(appid))
  const row = toPushRow({ id: 'new', appid, createdAt: now, unknownSince: now })
  await pushes.find('p1')
  await pushes.add(row)
  await pushes.record(row)
  await pushes.recordUnchanged(row)
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
  for (const status of failedStatuses) await pushes.countPushes({ status, since: now - hour })
  for (const filter of [
    { openid: 'o3' },
    { msgid: '1' },
    { reason: 'data_invalid', status: 'rejected' },
  ] as const)
    for await (const _ of pushes.history({ ...filter, limit: 20 }));
  for await (const _ of pushes.history({ after: { createdAt: now, id: 'p9', isIncluded: true }, limit: 20 }));
  await pushes.countFinished(now - 100 * 60_000)
  await pushes.countSent(now - 100 * 60_000)
  await pushes.findFinished(now - 100 * 60_000, 20)
  await pushes.countOutcomes({ since: now - 100 * 60_000, until: now, bucket: hour, offset: 0 })
  for (const unionid of [null, 'u1'])
    for (const templateId of [undefined, 't1'])
      await pushes.countToUser({ openid: 'o3', unionid, templateId }, now - day, 'p1')
  await pushes.purge(now - 29_000 * 60_000, 500)
}

async function askHeldPushes({ database, now, take }: Asking): Promise<void> {
  const row = toPushRow({ id: 'held', appid, createdAt: now, unknownSince: null })
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
}

async function askReceipts({ database, now, take, write }: Asking): Promise<void> {
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
  const intercepted = take('intercepted', database.intercepted(appid))
  await intercepted.findLast('t1')
  const told = { generation: 0, detail: 'd' }
  await intercepted.record(
    't1',
    [
      { id: 7, push: { ...told, id: 'p3' } },
      { id: 8, push: { ...told, id: 'b1:o3', recipient: { broadcast: 100, seq: 3 } } },
    ],
    now,
  )
  await intercepted.purge(now - 29_000 * 60_000, 500)
}

async function askSyncRuns({ database, now, take, write }: Asking): Promise<void> {
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
  await runs.findComplete(now - 90 * day)
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
}

async function askUsers({ database, now, take }: Asking): Promise<void> {
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
}

/** The first is of a file and has many recipients. */
async function askBroadcasts({ database, now, take }: Asking): Promise<void> {
  const broadcasts = take('broadcasts', database.broadcasts(appid))
  const large = await broadcasts.find('b1')
  if (!large) throw new Error('the large broadcast is missing')
  const { no } = large
  await broadcasts.list(20)
  await broadcasts.listOpen()
  await broadcasts.counts(no)
  await broadcasts.recent(no)

  const asked: NewBroadcast = {
    ...{ id: 'b2', name: null, templateId: 't1', message: '{}', audience: { kind: 'followers' } },
    ...{
      rate: 50,
      window: null,
      canaryShare: '10',
      maxFailures: 0.2,
      createdAt: now,
      startAt: null,
      expiresAt: null,
    },
  }
  const draft = await broadcasts.draft(asked)
  await broadcasts.publish(draft, { status: 'running', selected: 0, isFilled: false, canarySize: 10 })
  const follow = await broadcasts.find('b2')
  if (!follow) throw new Error('the broadcast to followers is missing')
  await broadcasts.change(follow, { fillUntil: await broadcasts.lastFollower() })
  for (const audience of [
    { kind: 'followers' },
    { kind: 'followers', tag: 2 },
    { kind: 'followers', scene: 'ADD_SCENE_SEARCH' },
    { kind: 'followers', since: now - hour },
  ] as const)
    await broadcasts.countFollowers(audience as never)
  for (const row of [await broadcasts.find('b2')]) if (row) await broadcasts.fill(row, 1_000)
  const file = await broadcasts.draft({ ...asked, id: 'b3', audience: { kind: 'file', name: 'f.csv' } })
  const line = { seq: 1, openid: 'o1', unionid: null, isByUnionid: false, columns: null }
  await broadcasts.addRecipients(file, [
    line,
    { ...line, seq: 2, openid: null, unionid: 'u2', isByUnionid: true },
  ])
  await broadcasts.findServed(no, [line, { ...line, seq: 2, openid: null, unionid: 'u2', isByUnionid: true }])
  await broadcasts.isTaken(no, 'o1', 2)
  await broadcasts.preview(file, 5)
  for await (const _ of broadcasts.unreachable(file)) break
  for await (const _ of broadcasts.leftOut({ kind: 'followers', tag: 7, except: no })) break
  await broadcasts.renewRetries(no, [{ seq: 1, starts: 0 }], now + hour)
  await broadcasts.drop(file)
  await broadcasts.dropById('b3')

  await broadcasts.findSeq(no, 100)
  await broadcasts.openWork(no)
  await broadcasts.takeRate({ ...large, rate: 50 }, 10, now)
  const lease = 20_000
  const chunk = await broadcasts.claim(no, 50, now, lease)
  if (!chunk) throw new Error('nobody is left in the large broadcast')
  await broadcasts.renew(no, [chunk], now + lease)
  const [first, second] = chunk.recipients
  const outcome: Omit<RecipientOutcome, 'seq'> = {
    ...{ openid: 'o', reason: null, detail: null, msgid: '5', errcode: null, errmsg: null, rid: null },
    ...{ attempts: 1, generation: 0, status: 'sent', sentAt: now, finishedAt: now, wasRetried: true },
  }
  await broadcasts.isTaken(no, 'o7', 8)
  await broadcasts.record(no, [{ ...outcome, seq: first?.seq ?? 0 }])
  await broadcasts.recordRetry(no, {
    ...{
      seq: second?.seq ?? 0,
      dueAt: now,
      attempts: 1,
      unknownSince: now,
      starts: 1,
      errcode: null,
      detail: null,
    },
  })
  await broadcasts.claimRetries(no, 10, now + 1, lease)
  await broadcasts.giveBack(no, chunk, now)
  await broadcasts.claim(no, 50, now + 1, lease)
  await broadcasts.finishChunk(no, chunk)
  await broadcasts.hasMore(large)
  for await (const _ of broadcasts.recipients(no)) break
  for await (const _ of broadcasts.recipients(no, 'not_following')) break
  await broadcasts.findRecipient(large, 'o7')
  await broadcasts.findRecipient(follow, 'o7')
  await broadcasts.findUser('o7')
  await broadcasts.perSecond()
  await broadcasts.findByMsgid('7')
  await broadcasts.retry(large, ['not_following', 'system_failed'], now)
  await broadcasts.change(follow, { status: 'cancelled' }, { isDone: true })
  await broadcasts.settleLeft(now + hour)
  await broadcasts.purge({ drafted: now - day, ended: now - day })
}

async function askWebhooks({ database, now, take }: Asking): Promise<void> {
  const webhooks = take('webhooks', database.webhooks())
  await webhooks.turnOn()
  await webhooks.findEndpoint()
  await webhooks.recordSuccess(now)
  await webhooks.switchOff(now, 'gone')
  await webhooks.enable(now)
  await webhooks.tell({ type: 'sync.failed', appid, data: '{}', at: now })
  const changes = await webhooks.findChanges(0, 100)
  await webhooks.dropChanges(changes)
  const delivery = {
    ...{ id: 'd', type: 'pushes.updated', body: '{}', keys: '[]', attempts: 1 },
    ...{ firstAt: now, nextAt: now, lastError: '' },
  }
  await webhooks.keep(delivery, [{ n: 1 }, { n: 2 }])
  await webhooks.findDue(now, 100)
  await webhooks.findWaiting()
  await webhooks.recordTry(delivery)
  await webhooks.list()
  await webhooks.retryAll(now)
  await webhooks.hasten(now)
  await webhooks.drop('d')
  await webhooks.repeat(appid, now - 100 * 60_000)
  await webhooks.purge(now - 15_000 * 60_000, 1_000)
  await webhooks.turnOff()
}
