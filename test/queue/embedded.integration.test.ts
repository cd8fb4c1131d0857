import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cp, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPostgresBackend } from 'bullmq'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { hour, second } from '../../src/base/duration.ts'
import { render } from '../../src/base/sentences/render.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { toConnection } from '../../src/queue/embedded/embedded.ts'
import { hostEmbeddedQueue } from '../../src/queue/embedded/host.ts'
import { tidyEmbeddedQueue } from '../../src/queue/embedded/tidy.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { forkProcess } from '../helpers/forkProcess.ts'
import { createTestLog, makeDir } from '../helpers/pushing.ts'

const message = { openid: 'o1', templateId: 't', data: { thing1: 'x' } }
const { log } = createTestLog()

/** Setting up PostgreSQL takes seconds, a copy of it does not. */
let template: string
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'unionpush-'))
  await (await hostEmbeddedQueue(template, log)).close()
  return () => rmSync(template, { recursive: true })
}, 60_000)

async function makeDataDir(): Promise<string> {
  const dir = await makeDir()
  await cp(template, join(dir, 'queue'), { recursive: true })
  return dir
}

async function host(dataDir: string) {
  const started = await hostEmbeddedQueue(join(dataDir, 'queue'), log)
  onTestFinished(started.close)
  return started
}

async function sizeOf(dir: string): Promise<number> {
  const names = await readdir(dir)
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function openPusher(dataDir: string) {
  const pusher = createPusher({ appid: 'wx1', redisUrl: '', dataDir })
  onTestFinished(() => pusher.close())
  return pusher
}

describe('the embedded queue', () => {
  test('takes no more disk for what comes and goes: what has run out is deleted at start and every hour', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const dataDir = await makeDataDir()
    const dir = join(dataDir, 'queue')
    const first = await host(dataDir)
    const { connection } = createPostgresBackend('test', { connection: { ...toConnection(dir), max: 1 } })
    onTestFinished(() => connection.close().catch(() => {}))
    const count = async (table: string): Promise<number> =>
      Number((await connection.pool.query(`SELECT count(*) FROM bullmq.${table}`)).rows[0]?.count)
    const size = async (): Promise<number> =>
      Number(
        (await connection.pool.query('SELECT pg_database_size(current_database()) AS size')).rows[0]?.size,
      )
    const fill = (round: number) =>
      connection.pool.query(
        `INSERT INTO bullmq.dedup SELECT 'q', ${round} || '-' || n, n || repeat('x', 60), 1 FROM generate_series(1, 10000) n`,
      )
    await connection.pool.query("INSERT INTO bullmq.dedup VALUES ('q', 'lives', 'job', 9999999999999)")
    await connection.pool.query(
      "INSERT INTO bullmq.job (queue, id, seq, name, state, added_at_ms, finished_at_ms) VALUES ('q', 'over', 1, 'n', 'completed', 1, 1), ('q', 'failed', 2, 'n', 'failed', 1, 1)",
    )
    const sizes = [await size()]
    for (let round = 0; round < 6; round++) {
      await fill(round)
      sizes.push(await size())
      await tidyEmbeddedQueue(connection)
    }
    const [empty = 0, once = 0] = sizes
    // Six times as much as one round takes, if nothing were given back.
    expect(Math.max(...sizes) - empty, String(sizes)).toBeLessThan(3 * (once - empty))
    expect(await count('job')).toBe(1)
    expect(await sizeOf(join(dir, 'pgdata', 'pg_wal'))).toBeLessThan(100e6)
    await fill(4)
    vi.advanceTimersByTime(hour)
    await vi.waitUntil(async () => (await count('dedup')) === 1, { timeout: 20_000, interval: 50 })
    await fill(5)
    await connection.close()
    await first.close()
    await host(dataDir)
    const again = createPostgresBackend('test', { connection: { ...toConnection(dir), max: 1 } })
    onTestFinished(() => again.connection.close())
    const { rows } = await again.connection.pool.query('SELECT dedup_id FROM bullmq.dedup')
    expect(rows).toEqual([{ dedup_id: 'lives' }])
  }, 60_000)

  test('is only its user’s to read', async () => {
    const dataDir = await makeDir()
    await host(dataDir)
    const modes = ['queue', 'queue/queue.sock'].map(
      async (path) => (await stat(join(dataDir, path))).mode & 0o777,
    )
    // What PostgreSQL keeps inside is as open as it likes, behind the door.
    expect(await Promise.all(modes)).toEqual([0o700, 0o600])
  })
})

test('without a host a push is refused with what to start, and taken as soon as there is one', async () => {
  const dataDir = await makeDataDir()
  const pusher = openPusher(dataDir)
  const error = await pusher.push(message).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(QueueUnavailableError)
  expect(error.message).toMatch(/unionpush start.*unionpush worker/)
  await host(dataDir)
  expect(await pusher.push(message)).toMatchObject({ status: 'queued' })
})

test('a second host of the same directory is refused, and taken when the first is gone', async () => {
  const dataDir = await makeDataDir()
  const first = await host(dataDir)
  await expect(host(dataDir)).rejects.toMatchObject({
    message: expect.stringMatching(/^Another process hosts/),
    sentence: { key: 'hosting.another' },
    isLasting: false,
  })
  expect(await openPusher(dataDir).push(message)).toMatchObject({ status: 'queued' })
  await first.close()
  await host(dataDir)
})

test('a host that was killed loses no push that was acknowledged; a pusher goes on with the next one', async () => {
  const dataDir = await makeDataDir()
  const child = forkProcess('queueHost', [join(dataDir, 'queue')])
  await once(child, 'message')
  const pusher = openPusher(dataDir)
  const acknowledged: string[] = []
  const pushing = (async () => {
    for (let n = 0; ; n++) {
      await pusher.push({ ...message, id: `p${n}` })
      acknowledged.push(`p${n}`)
    }
  })().catch((error) => error)
  await vi.waitUntil(() => acknowledged.length > 50, { timeout: 10 * second, interval: 1 })
  child.kill('SIGKILL')
  expect(await pushing).toBeInstanceOf(QueueUnavailableError)

  await host(dataDir)
  for (const id of acknowledged) {
    expect(await pusher.push({ ...message, id })).toEqual({ id, status: 'duplicate' })
  }
  expect(await pusher.push({ ...message, id: 'next' })).toMatchObject({ status: 'queued' })
})

test.each([
  ['are of another version of PostgreSQL', 'PG_VERSION', '15'],
  ['are damaged', 'global/pg_control', 'x'],
])('an embedded queue whose files %s is refused with what to do', async (_, file, content) => {
  const dir = join(await makeDataDir(), 'queue')
  await writeFile(join(dir, 'pgdata', file), `${content}\n`)
  await expect(hostEmbeddedQueue(dir, log)).rejects.toThrow(
    /cannot be opened .*damaged, or were made by another version .*PostgreSQL 1[58].*move .* away/,
  )
})

test('a directory with a path too long for a socket is refused with a sentence', async () => {
  const error = await hostEmbeddedQueue(`/tmp/${'long'.repeat(30)}`, log).catch((thrown) => thrown)
  expect(error).toMatchObject({ message: expect.stringMatching(/shorter path/), isLasting: true })
  expect(render(error.sentence, 'zh').seen).toMatch(/作为 socket 的路径太长：请把 DATA_DIR 设为/)
})
