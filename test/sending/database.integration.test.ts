import { spawn } from 'node:child_process'
import { once } from 'node:events'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { DatabaseError } from '../../src/db/databaseError.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const sendPath = '/cgi-bin/message/template/send'
const patience = { timeout: 20 * second, interval: 5 }
const many = (world: Pushing, count: number) =>
  world.producer().pushMany(Array.from({ length: count }, (_, n) => world.message(n % 20, { id: `p${n}` })))
const calls = ({ simulator }: Pushing) => simulator.stats().calls[sendPath] ?? 0

/** Until no call has been made for a second, which the ones that were under way do not take. */
async function untilSteady(world: Pushing): Promise<number> {
  let last = -1
  let since = 0
  await vi.waitUntil(() => {
    if (calls(world) !== last) since = Date.now()
    last = calls(world)
    return Date.now() - since > second
  }, patience)
  return last
}

/** Another program that holds the write lock until it is told to end. */
async function lockFromOutside(path: string) {
  const code = `
    const db = require('better-sqlite3')(${JSON.stringify(path)}, { timeout: 5000 })
    db.exec('BEGIN IMMEDIATE')
    console.log('locked')
    process.stdin.on('end', () => process.exit()).resume()`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return async () => {
    child.stdin.end()
    await once(child, 'exit')
  }
}

test('while another program holds the database no message goes out, the event loop runs, and then all are sent once', async () => {
  const world = await startPushing()
  await many(world, 300)
  await world.startWorker()
  await vi.waitUntil(() => world.simulator.stats().accepted > 20, { ...patience, interval: 1 })
  const unlock = await lockFromOutside(world.path)
  let longest = 0
  let last = performance.now()
  const pulse = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  await vi.waitUntil(() => world.lines.some(({ msg }) => String(msg).includes('writes wait')), patience)
  await untilSteady(world)
  clearInterval(pulse)
  // Every call has its row on disk, so a crash now would leave none that nobody knows of.
  expect(world.rows().length).toBeGreaterThanOrEqual(calls(world))
  expect(longest).toBeLessThan(500)
  await unlock()
  const rows = await world.ended(300)
  expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
  expect(world.simulator.stats()).toMatchObject({ accepted: 300, duplicates: 0 })
})

test('while the disk is full no message goes out, it is said once, and then all are sent once', async () => {
  const world = await startPushing()
  await many(world, 1_000)
  const { database } = world
  let isFull = false
  const fillable = (write: typeof database.write): typeof database.write => {
    return (statements) =>
      isFull
        ? Promise.reject(new DatabaseError('full', 'the disk is full: free some space'))
        : write(statements)
  }
  database.write = fillable(database.write)
  database.writeSoon = fillable(database.writeSoon)
  const { queue } = await world.startWorker()
  await vi.waitUntil(() => world.simulator.stats().accepted > 20, { ...patience, interval: 1 })
  isFull = true
  await untilSteady(world)
  const said = world.lines.filter(({ need, level }) => need === 'database' && level === 'warn')
  expect(said).toHaveLength(1)
  // Jobs are left where they are instead of being taken and put back one after the other.
  expect((await queue.getJobCounts('waiting')).waiting).toBeGreaterThan(500)
  isFull = false
  const rows = await world.ended(1_000, 40 * second)
  expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
  expect(world.simulator.stats()).toMatchObject({ accepted: 1_000, duplicates: 0 })
})

test.each(['followers', 'pushes'])(
  'while %s cannot be read a push waits without a try, and is sent when it can',
  async (table) => {
    const world = await startPushing()
    await world.startWorker()
    const outside = new Sqlite(world.path)
    onTestFinished(() => void outside.close())
    outside.exec(`alter table ${table} rename to elsewhere`)
    await many(world, 5)
    await vi.waitUntil(
      () => world.lines.some(({ msg }) => String(msg).includes('database unavailable')),
      patience,
    )
    outside.exec(`alter table elsewhere rename to ${table}`)
    await vi.waitUntil(() => world.rows().filter(({ status }) => status === 'sent').length === 5, patience)
    expect(world.simulator.stats().accepted).toBe(5)
    expect(world.rows().map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1])
    expect(world.lines.filter(({ msg }) => String(msg).includes('unexpected error'))).toEqual([])
  },
)
