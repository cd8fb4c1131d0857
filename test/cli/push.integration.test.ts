import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { findFreePort } from '../helpers/freePort.ts'

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

test('a push is shown while it waits and after it was sent, and is known when asked for again', async () => {
  const world = await startCliWorld()
  const { openid, unionid } = world.simulator.userAt(3)
  await world.sync()

  expect(await world.json(world.push(3, '--id', 'order: 42'))).toEqual({ id: 'order: 42', status: 'queued' })
  const waiting = {
    id: 'order: 42',
    account: world.appid,
    appid: world.appid,
    unionid,
    openid: null,
    templateId: world.templateId,
    status: 'queued',
    reason: null,
    detail: null,
    msgid: null,
    errcode: null,
    errmsg: null,
    rid: null,
    attempts: 0,
    seq: 0,
    createdAt: iso,
    sentAt: null,
    finishedAt: null,
    next: null,
    broadcast: null,
  }
  const [shown, queued, history] = await Promise.all([
    world.json(['show', 'order: 42']),
    world.lines(['history', '--status', 'queued']),
    world.lines(['history']),
  ])
  expect(shown).toEqual(waiting)
  expect(queued).toEqual([waiting])
  expect(history).toEqual([])

  const worker = await world.service('worker')
  await vi.waitUntil(() => world.simulator.stats().accepted === 1, { timeout: 60_000, interval: 20 })
  expect(await world.json(world.push(3, '--id', 'order: 42'))).toEqual({
    id: 'order: 42',
    status: 'duplicate',
  })
  const sent = await world.json(['show', 'order: 42'])
  const [message] = world.simulator.accepted()
  expect(sent).toEqual({
    ...waiting,
    openid,
    status: 'sent',
    msgid: message?.msgid,
    attempts: 1,
    seq: 2,
    sentAt: iso,
    finishedAt: iso,
  })
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0, stdout: '' })
  expect(world.simulator.stats().accepted).toBe(1)
})

test('--wait prints what became of it and says by its exit code whether it was sent', async () => {
  const world = await startCliWorld()
  await world.sync()
  await world.service('worker')
  const [sent, stranger, refused, again] = await Promise.all([
    world.run(world.push(0, '--wait', '--json')),
    world.run(world.push(500, '--wait', '--json')),
    world.run(world.push(1, '--wait', '--json').map((word) => word.replace(/,"time2":[^}]*/, ''))),
    world.run(world.push(0, '--id', 'again', '--wait', '--json')),
  ])
  expect(sent.code).toBe(0)
  expect(JSON.parse(sent.stdout)).toMatchObject({ status: 'sent', msgid: expect.stringMatching(/^\d{19}$/) })
  expect(stranger.code).toBe(1)
  expect(JSON.parse(stranger.stdout)).toMatchObject({
    status: 'skipped',
    reason: 'not_following',
    attempts: 0,
  })
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({ status: 'rejected', errcode: 47003 })
  expect(again.code).toBe(0)
  // Known already, and ended well: nothing is sent, and that is fine.
  expect(await world.run(world.push(0, '--id', 'again', '--wait', '--json'))).toMatchObject({ code: 0 })
  expect(world.simulator.stats().accepted).toBe(2)
})

test('a keyword that the listed template asks for is missed before anything is queued, with exit code 2', async () => {
  const world = await startCliWorld()
  await world.json(['sync'])
  await world.lines(['templates'])
  const incomplete = world.push(1).map((word) => word.replace(/,"time2":[^}]*/, ''))
  const file = join(world.cwd, 'many.jsonl')
  const { unionid } = world.simulator.userAt(1)
  await writeFile(file, JSON.stringify({ unionid, templateId: world.templateId, data: { thing1: 'x' } }))
  const message = 'Nothing was queued. data.time2: expected a text, as the template asks for it, got nothing'
  const answers = await Promise.all([
    world.run([...incomplete, '--json']),
    world.run([...incomplete, '--wait', '--json']),
    world.run(['push', '--file', file, '--json']),
  ])
  const [one, waited, many] = answers.map(({ stdout }) => JSON.parse(stdout))
  for (const { error } of [one, waited]) expect(error).toMatchObject({ code: 'invalid_push', message })
  expect(answers.map(({ code }) => code)).toEqual([2, 2, 1])
  expect(many).toMatchObject({
    queued: 0,
    invalid: [{ line: 1, reason: expect.stringContaining('data.time2') }],
  })
  expect(await world.lines(['history', '--status', 'queued'])).toEqual([])
})

test('--wait says that no worker answers, and ends with its --timeout', async () => {
  const world = await startCliWorld()
  const begun = Date.now()
  const { code, stderr, stdout } = await world.run(world.push(0, '--id', 'p', '--wait', '--timeout', '13s'))
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/No worker answers: start `unionpush worker`.*p stays queued/)
  expect(stderr).toContain('p was not sent within 13s; it goes on all the same')
  expect(Date.now() - begun).toBeLessThan(40_000)
  const wrong = await world.run(world.push(0, '--wait', '--timeout', '0s'))
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--timeout expects 30s, 5m or 2h')])
})

test('failed lists what failed with the reason, and failed retry sends it again as a new message', async () => {
  const world = await startCliWorld()
  const { openid } = world.simulator.userAt(0)
  await world.sync()
  await world.service('worker')
  world.simulator.setBlacklisted(openid, true)
  await world.queuePushes({ first: 0, fine: 1 })
  await world.untilEnded('first', 'fine')

  const [failed, others, text] = await Promise.all([
    world.lines(['failed']),
    world.lines(['failed', '--reason', 'data_invalid']),
    world.run(['failed']),
  ])
  expect(failed).toMatchObject([
    { id: 'first', status: 'rejected', errcode: 43019, detail: expect.any(String) },
  ])
  expect(others).toEqual([])
  expect(text.stdout).toContain(failed[0].detail)

  world.simulator.setBlacklisted(openid, false)
  expect(await world.json(['failed', 'retry', '--reason', 'data_invalid'])).toEqual({ retried: 0 })
  expect(await world.json(['failed', 'retry', '--yes'])).toEqual({ retried: 1 })
  await vi.waitUntil(() => world.simulator.stats().accepted === 2, { timeout: 60_000, interval: 20 })
  await world.untilEnded('first')
  const [retried, record] = await Promise.all([
    world.json(['failed', 'retry']),
    world.json(['show', 'first']),
  ])
  expect(retried).toEqual({ retried: 0 })
  expect(record).toMatchObject({ status: 'sent', reason: null, errcode: null })
})

test('failed retry sends what it is narrowed to, and everything only if that is said', async () => {
  const world = await startCliWorld()
  const added = await world.addFailed([
    { id: 'a', reason: 'data_invalid', age: 3 * hour },
    { id: 'b', reason: 'retries_exhausted', age: 2 * hour },
    { id: 'c', reason: 'retries_exhausted', age: hour, templateId: 'T2' },
    { id: 'd', reason: 'in_review', age: hour, status: 'sent' },
  ])
  const retry = (...words: string[]) => world.json(['failed', 'retry', ...words])
  const dryRuns = [
    [['--dry-run'], 3],
    [['--reason', 'retries_exhausted', '--dry-run'], 2],
    [['--since', '150m', '--dry-run'], 2],
    [['--until', '150m', '--dry-run'], 1],
    [['--template', 'T2', '--dry-run'], 1],
    [['--unionid', added[0]?.unionid ?? '', '--dry-run'], 1],
    [['--limit', '2', '--dry-run'], 2],
    [['a', 'd', '--dry-run'], 2],
  ] as const
  const counted = await Promise.all(dryRuns.map(([words]) => retry(...words)))
  expect(counted).toEqual(dryRuns.map(([, retried]) => ({ retried })))

  const [refused, failed] = await Promise.all([world.run(['failed', 'retry']), world.lines(['failed'])])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(
    /sends 3 pushes again \(retries_exhausted 2, data_invalid 1\): narrow it .*--yes/,
  )
  expect(failed.map(({ id }) => id)).toEqual(['c', 'b', 'a'])

  const named = await world.run(['failed', 'retry', 'd', 'nobody', '--json'])
  expect([named.code, JSON.parse(named.stdout)]).toEqual([1, { retried: 1 }])
  expect(named.stderr).toBe('unionpush failed: Not sent again: nobody is not known\n')
  expect(await retry('--reason', 'retries_exhausted', '--limit', '1')).toEqual({ retried: 1 })
  expect((await world.lines(['failed'])).map(({ id }) => id)).toEqual(['b', 'a'])
  expect(await retry('--yes')).toEqual({ retried: 2 })
  expect(await retry()).toEqual({ retried: 0 })
})

test('history is newest first and filtered by what is asked for', async () => {
  const world = await startCliWorld()
  await world.sync()
  await world.service('worker')
  await world.queuePushes({ 'to-0': 0, 'to-1': 1, 'to-nobody': 500 })
  await world.untilEnded('to-0', 'to-1', 'to-nobody')
  const { unionid = '' } = world.simulator.userAt(1)
  const ask = async (...words: string[]) => (await world.lines(['history', ...words])).map(({ id }) => id)
  const [all, newest, skipped, one, template, since] = await Promise.all([
    ask(),
    ask('--limit', '2'),
    ask('--status', 'skipped'),
    ask('--unionid', unionid),
    ask('--template', 'another'),
    ask('--since', '2000-01-01T00:00:00Z', '--status', 'sent'),
  ])
  expect(all).toEqual(['to-nobody', 'to-1', 'to-0'])
  expect(newest).toEqual(['to-nobody', 'to-1'])
  expect(skipped).toEqual(['to-nobody'])
  expect(one).toEqual(['to-1'])
  expect(template).toEqual([])
  expect(since).toEqual(['to-1', 'to-0'])
})

test('status tells queue, followers, token, last sync and the outcomes of today', async () => {
  const world = await startCliWorld({ followers: 50, withoutUnionid: 0.5 })
  const before = await world.json(['status'])
  expect(before).toMatchObject({
    accounts: [{ account: world.appid, paused: null, token: null, lastSync: null }],
    queueBackend: 'redis',
  })
  await world.sync()
  const withUnionid = Array.from({ length: 50 }, (_, n) => world.simulator.userAt(n).unionid).filter(
    Boolean,
  ).length
  const reachable =
    Array.from({ length: 50 }, (_, n) => n).find((n) => world.simulator.userAt(n).unionid) ?? 0
  await world.run(world.push(reachable, '--at', new Date(Date.now() + 3_600_000).toISOString()))
  await world.run(world.push(reachable))
  expect(await world.json(['status'])).toEqual({
    accounts: [
      {
        account: world.appid,
        appid: world.appid,
        paused: null,
        pausedTemplates: [],
        circuit: null,
        queueProblems: [],
        rate: { limit: null, perSecond: 0 },
        queue: { waiting: 1, active: 0, delayed: 1, held: 0, failed: 0 },
        token: { expiresAt: iso },
        followers: { subscribed: 50, withUnionid, unsubscribed: 0 },
        lastSync: expect.objectContaining({ status: 'complete', seen: 50, startedAt: iso, finishedAt: iso }),
        today: { sent: 0, delivered: 0, undelivered: 0, rejected: 0, skipped: 0, unknown: 0 },
      },
    ],
    database: { engine: 'sqlite', address: join(world.cwd, 'data', 'unionpush.db') },
    queueBackend: 'redis',
  })
})

test('lookup shows a follower, and exit code 1 says that there is none', async () => {
  const world = await startCliWorld()
  const { openid, unionid = '' } = world.simulator.userAt(2)
  await world.sync()
  expect(await world.json(['lookup', unionid])).toMatchObject({
    unionid,
    openid,
    account: world.appid,
    subscribed: true,
    subscribeTime: iso,
    unsubscribedAt: null,
    infoAt: iso,
  })
  const result = await world.run(['lookup', 'nobody', '--json'])
  expect(result.code).toBe(1)
  expect(JSON.parse(result.stdout).error.code).toBe('unknown_unionid')
})

test('bad input queues nothing and names field, rule and what was given', async () => {
  const world = await startCliWorld()
  const words = world
    .push(0, '--json')
    .map((word) => word.replace('订单已发货', '一二三四五六七八九十一二三四五六七八九十一二三四'))
  const result = await world.run([...words, '--openid', 'o1'])
  expect(result.code).toBe(2)
  const { code, message } = JSON.parse(result.stdout).error
  expect(code).toBe('invalid_push')
  expect(message).toMatch(/data\.thing1: expected at most 20 characters, got 24 characters/)
  expect(message).toMatch(/unionid: expected either this or openid.*, got/)
  expect(await world.lines(['history', '--status', 'queued'])).toEqual([])
})

test.each(['jsonl', 'csv'])(
  'the good lines of a .%s are queued, the bad ones reported with their numbers',
  async (kind) => {
    const world = await startCliWorld()
    const data = { thing1: '订单已发货', time2: '2026-11-20 15:01' }
    const long = '一二三四五六七八九十一二三四五六七八九十一二三四'
    const unionids = Array.from({ length: 700 }, (_, i) => `u${i}`)
    const path = join(world.cwd, `users.${kind}`)
    const lines =
      kind === 'jsonl'
        ? unionids.map((unionid) => JSON.stringify({ unionid, templateId: world.templateId, data }))
        : unionids.map((unionid) => `${data.time2},${world.templateId},"${data.thing1}",${unionid}`)
    if (kind === 'csv') lines.unshift('data.time2,templateId,data.thing1,unionid')
    lines[9] = lines[9]?.replace(data.thing1, long) ?? ''
    lines[19] = kind === 'jsonl' ? '{"unionid"' : 'too,few'
    lines[640] = lines[640]?.replace(world.templateId, '') ?? ''
    await writeFile(path, lines.join('\r\n'))

    const result = await world.run(['push', '--file', path, '--json'])
    expect(result.code).toBe(1)
    const { queued, duplicates, invalid } = JSON.parse(result.stdout)
    expect({ queued, duplicates }).toEqual({ queued: 697, duplicates: 0 })
    expect(invalid).toEqual([
      { line: 10, reason: expect.stringContaining('data.thing1: expected at most 20 characters, got 24') },
      {
        line: 20,
        reason: expect.stringMatching(kind === 'jsonl' ? /^is not JSON/ : /^has 2 cells, the header has 4/),
      },
      { line: 641, reason: expect.stringContaining('templateId: expected') },
    ])
    expect((await world.json(['status'])).accounts[0].queue.waiting).toBe(697)
  },
)

test('a file that cannot be read, or is of another kind, is wrong usage', async () => {
  const world = await startCliWorld()
  await writeFile(join(world.cwd, 'bad.csv'), 'unionid,thing1\nu1,x\n')
  for (const [file, message] of [
    ['none.csv', /--file none\.csv cannot be read: ENOENT/],
    ['bad.csv', /Unknown CSV column 'thing1'/],
    ['users.xlsx', /expects a \.jsonl or \.csv file/],
  ] as const) {
    const result = await world.run(['push', '--file', file])
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(message)
  }
})

test('a queue that cannot be reached is told within 5 s, with exit code 1', async () => {
  const world = await startCliWorld()
  const REDIS_URL = `redis://127.0.0.1:${await findFreePort()}`
  const result = await world.run(world.push(0, '--json'), { REDIS_URL })
  expect(result.code).toBe(1)
  const { code, message } = JSON.parse(result.stdout).error
  expect(code).toBe('queue_unavailable')
  expect(message).toContain(REDIS_URL.slice('redis://'.length))
})

test('a reader who has seen enough ends a long list quietly', async () => {
  const world = await startCliWorld()
  const lines = Array.from({ length: 2_000 }, (_, i) =>
    JSON.stringify({ unionid: `u${i}`, templateId: world.templateId, data: { thing1: 'x' } }),
  )
  await writeFile(join(world.cwd, 'many.jsonl'), lines.join('\n'))
  await world.run(['push', '--file', 'many.jsonl'])
  const listing = world.start(['history', '--status', 'queued', '--json'])
  listing.child.stdout.once('data', () => listing.child.stdout.destroy())
  expect(await listing.ended).toMatchObject({ code: 0, stderr: '' })
})
