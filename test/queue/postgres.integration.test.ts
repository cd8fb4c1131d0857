import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { day, minute, second } from '../../src/base/duration.ts'
import { connectQueue } from '../../src/queue/connect.ts'
import { connectProducer } from '../../src/queue/producerQueue.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { connectWorker } from '../../src/queue/workerQueue.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { createPostgresQueue } from '../helpers/postgresQueue.ts'
import { createTestLog, type Pushing, startPushing } from '../helpers/pushing.ts'
import { startTcpSwitch } from '../helpers/tcpSwitch.ts'

const patience = { timeout: 25 * second, interval: 10 }
const many = (world: Pushing, count: number) =>
  world.producer().pushMany(Array.from({ length: count }, (_, n) => world.message(n % 20, { id: `p${n}` })))

/** A queue behind an address that can be cut off. */
async function startSwitched() {
  const postgres = await createPostgresQueue()
  const address = await startTcpSwitch(`postgres://127.0.0.1:${postgres.port}`)
  const queue = postgres.toConfig(`postgres://postgres@127.0.0.1:${address.port}/${postgres.database}`)
  return { ...postgres, ...address, queue, world: await startPushing({ queue }) }
}

describe('a producer', () => {
  test('is told within 5 s that there is no server, without the password', async () => {
    const postgres = await createPostgresQueue()
    const url = `postgres://user:hush@127.0.0.1:${await findFreePort()}/none`
    const connection = connectProducer(postgres.toConfig(url))
    onTestFinished(() => connection.close())
    const begun = Date.now()
    const error = await connection
      .openQueue('wx1')
      .run((queue) => queue.getJobCounts('waiting'))
      .catch((thrown) => thrown)
    expect(Date.now() - begun).toBeLessThan(6 * second)
    expect(error).toBeInstanceOf(QueueUnavailableError)
    expect(error.message).toMatch(
      /postgres:\/\/127\.0\.0\.1:\d+\/none\S* did not take the call.*ECONNREFUSED/,
    )
    expect(`${error.message} ${error.cause}`).not.toContain('hush')
  })

  test('is told what is wrong with database and user', async () => {
    const postgres = await createPostgresQueue()
    const connection = connectProducer(
      postgres.toConfig(`postgres://postgres@127.0.0.1:${postgres.port}/unionpush_test_none`),
    )
    onTestFinished(() => connection.close())
    const asked = connection.openQueue('wx1').run((queue) => queue.getJobCounts('waiting'))
    await expect(asked).rejects.toThrow(/does not exist; create it, or name another one in DATABASE_URL/)
  })

  test('is told when the server is away, and its push is queued once when it is back', async () => {
    const { world, cut, mend } = await startSwitched()
    const producer = world.producer()
    await producer.push(world.message(0, { id: 'a' }))
    cut()
    await expect(producer.push(world.message(0, { id: 'b' }))).rejects.toThrow(QueueUnavailableError)
    mend()
    expect(await producer.push(world.message(0, { id: 'b' }))).toMatchObject({ status: 'queued' })
    expect(await producer.push(world.message(0, { id: 'b' }))).toMatchObject({ status: 'duplicate' })
  })
})

describe('a worker', () => {
  test('goes on by itself when its connections are terminated in the middle; nothing is lost or doubled', async () => {
    const { world, terminate } = await startSwitched()
    await many(world, 300)
    await (await world.startWorker({ rate: 100 })).started
    for (const count of [50, 150]) {
      await vi.waitUntil(() => world.simulator.stats().accepted > count, patience)
      await terminate()
    }
    const rows = await world.ended(300, 40 * second)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
    expect(world.simulator.stats()).toMatchObject({ accepted: 300 })
  }, 90_000)

  test('says once that the server is away, and is woken by the next push after it is back', async () => {
    const { world, cut, mend } = await startSwitched()
    await (await world.startWorker()).started
    await many(world, 1)
    await world.ended(1)
    cut()
    await vi.waitUntil(() => world.lines.some(({ need }) => need === 'queue'), patience)
    mend()
    await vi.waitUntil(
      () => world.lines.filter(({ need }) => need === 'queue').some(({ level }) => level === 'info'),
      patience,
    )
    await world.producer().push(world.message(1, { id: 'after' }))
    await world.ended(2)
    expect(world.lines.filter(({ need, level }) => need === 'queue' && level === 'warn')).toHaveLength(1)
  }, 60_000)

  test('shares its few connections among all accounts', async () => {
    const postgres = await createPostgresQueue()
    const { log } = createTestLog()
    const connection = await connectWorker(postgres.toConfig(), log)
    const queues = Array.from({ length: 20 }, (_, n) => connection.openQueue(`wx${n}`))
    const workers = queues.flatMap(({ createWorker, control }) => [
      createWorker(async () => {}, {}),
      control.createWorker(async () => {}, {}),
    ])
    onTestFinished(async () => {
      await Promise.all(workers.map((worker) => worker.close()))
      await Promise.all(queues.map((queue) => queue.close()))
      await connection.close()
    })
    for (const worker of workers) worker.on('error', () => {})
    const [first] = queues
    await Promise.all(queues.map(({ queue }) => queue.getJobCounts('waiting')))
    await first?.queue.add('push', {})
    await vi.waitUntil(async () => (await first?.queue.getJobCounts('waiting'))?.waiting === 0, patience)
    const { rows } = await postgres.admin.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = '${postgres.database}' AND application_name = 'unionpush'`,
    )
    expect(rows[0]?.n).toBeLessThanOrEqual(11)
  }, 60_000)
})

test('two worker processes share the pushes; each is sent once', async () => {
  const postgres = await createPostgresQueue()
  const world = await startPushing({ queue: postgres.toConfig() })
  await Promise.all([1, 2].map(() => world.startWorkerProcess({ rate: 200 })))
  await many(world, 300)
  await world.ended(300, 40 * second)
  expect(world.simulator.stats()).toMatchObject({ accepted: 300, duplicates: 0 })
}, 90_000)

test('a machine whose clock is ten minutes ahead takes nothing from others, and is not late', async () => {
  const postgres = await createPostgresQueue()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * minute })
  onTestFinished(() => void vi.useRealTimers())
  const backend = connectQueue(postgres.toConfig(), 'worker')
  onTestFinished(() => backend.close())
  const queue = backend.createQueue('{push-wx1}')
  const taken = vi.fn(async () => new Promise<void>(() => {}))
  await queue.add('push', {}, { jobId: 'now' })
  await queue.add('push', {}, { jobId: 'late', delay: minute, deduplication: { id: 'late', ttl: day } })
  const worker = backend.createWorker('{push-wx1}', taken, { lockDuration: 15 * second, maxStalledCount: 1 })
  worker.on('error', () => {})
  await vi.waitUntil(() => taken.mock.calls.length > 0, patience)
  const { rows } = await postgres.query(
    `SELECT id, (coalesce(locked_until_ms, process_at_ms) - extract(epoch FROM clock_timestamp()) * 1000)::int AS in_ms FROM unionpush_queue.job ORDER BY id DESC`,
  )
  expect(rows.map(({ id }) => id)).toEqual(['now', 'late'])
  const [now, late] = rows.map(({ in_ms }) => in_ms)
  expect(now).toBeLessThan(16 * second)
  expect(late).toBeLessThan(61 * second)
  expect(late).toBeGreaterThan(30 * second)
  vi.useRealTimers()
  expect(await worker.getBackend().moveStalledJobsToWait()).toEqual([])
  await Promise.race([worker.close(), queue.close()])
}, 60_000)

test('what has run out is deleted, and the tables are cleaned by how much has gone', async () => {
  const postgres = await createPostgresQueue()
  const backend = connectQueue(postgres.toConfig(), 'worker')
  onTestFinished(() => backend.close())
  await backend.ready()
  await postgres.query(
    `INSERT INTO unionpush_queue.dedup SELECT 'q', n::text, 'job', 1 FROM generate_series(1, 25000) n`,
  )
  await postgres.query("INSERT INTO unionpush_queue.dedup VALUES ('q', 'lives', 'job', 9999999999999)")
  await postgres.query(
    "INSERT INTO unionpush_queue.job (queue, id, seq, name, state, added_at_ms, finished_at_ms) VALUES ('q', 'over', 1, 'n', 'completed', 1, 1), ('q', 'failed', 2, 'n', 'failed', 1, 1)",
  )
  await backend.tidy()
  const { rows } = await postgres.query(
    'SELECT id FROM unionpush_queue.job UNION ALL SELECT dedup_id FROM unionpush_queue.dedup ORDER BY 1',
  )
  expect(rows).toEqual([{ id: 'failed' }, { id: 'lives' }])
  const options = await postgres.query(
    "SELECT relname FROM pg_class WHERE 'autovacuum_vacuum_scale_factor=0' = ANY (reloptions) ORDER BY 1",
  )
  expect(options.rows.map(({ relname }) => relname)).toEqual(['dedup', 'event', 'job'])
})

test('what is asked once it is closed waits, and keeps nothing else from its turn', async () => {
  const postgres = await createPostgresQueue()
  const connect = new URL('../../src/queue/connect.ts', import.meta.url)
  // In a process of its own, which can be ended when it does not look at its clock any more.
  const script = `import { connectQueue } from '${connect}'
    const backend = connectQueue(${JSON.stringify(postgres.toConfig())}, 'worker')
    await backend.ready()
    await backend.close()
    void backend.tidy()
    setTimeout(() => console.log('its turn'))`
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    timeout: patience.timeout,
    killSignal: 'SIGKILL',
  })
  expect(stdout).toBe('its turn\n')
})

test('the queue of another database is refused, with the statement that gives it away', async () => {
  const postgres = await createPostgresQueue()
  const backend = connectQueue(postgres.toConfig(), 'worker')
  onTestFinished(() => backend.close())
  await backend.claim('{push-wx1}', 'one')
  await backend.claim('{push-wx1}', 'one')
  const refusal = await backend.claim('{push-wx1}', 'two').catch((error) => error)
  expect(refusal).toMatchObject({ name: 'QueueUnavailableError', isLasting: true })
  const [statement = ''] = /DELETE FROM .*$/.exec(refusal.message) ?? []
  await postgres.query(statement)
  await backend.claim('{push-wx1}', 'two')
})
