import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Sqlite from 'better-sqlite3'
import { until } from '../helpers/until.ts'
import { ask } from './ask.ts'
import { disturb } from './faults.ts'
import { type Sample, takeSample } from './samples.ts'
import { type Setup, setUp } from './setup.ts'
import { audit, compareThirds, findGrowth } from './verdict.ts'

const usage = `npm run test:soak -- [--minutes N] [--rate R]

  --minutes N  how long pushes are asked for (20)
  --rate R     pushes a second (300)

A worker, a callback server and their servers under steady load with mild faults: one line every 10 seconds, one of
JSON at the end. Fails when something grows after the first fifth, or when the books do not add up.
`
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '300' },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
const sampleEvery = 10_000
const patience = 180_000
/** Of the samples: caches fill, code is compiled. */
const warmUp = 0.2

async function main(): Promise<number> {
  if (values.help) {
    say(usage)
    return 0
  }
  const minutes = Number(values.minutes)
  const setup = await setUp()
  const stop = new AbortController()
  try {
    const book = { asked: 0 }
    const working = [ask(setup, Number(values.rate), book, stop.signal), disturb(setup, stop.signal)] as const
    const samples = await watch(setup, book, minutes * 60_000)
    stop.abort()
    const [, mishaps] = await Promise.all(working)
    const isDrained = await until(() => hasDrained(setup), patience)
    const books = await collectBooks(setup, book.asked)
    const growth = compareThirds(samples.slice(Math.floor(samples.length * warmUp)))
    await Promise.all([setup.workers.dismiss(), setup.server.dismiss()])
    const violations = [
      ...(isDrained ? [] : [`not drained ${patience / 1_000} s after the last push`]),
      ...audit(books),
      ...findGrowth(growth),
      ...setup.workers.complaints,
      ...setup.server.complaints,
    ]
    for (const violation of violations) say(`VIOLATION ${violation}`)
    say(JSON.stringify({ soak: { minutes, mishaps, ...books, growth, last: samples.at(-1), violations } }))
    return violations.length > 0 ? 1 : 0
  } finally {
    stop.abort()
    await setup.close()
  }
}

async function watch(setup: Setup, book: { asked: number }, duration: number): Promise<Sample[]> {
  const samples: Sample[] = []
  const startedAt = performance.now()
  for (let at = sampleEvery; at <= duration; at += sampleEvery) {
    await sleep(at - (performance.now() - startedAt))
    const sample = await takeSample(setup, Math.round(at / 1_000), book.asked)
    if (samples.length % 20 === 0)
      say(toLine(Object.keys(sample).map((name) => name.replace(/([A-Z])/g, ' $1'))))
    samples.push(sample)
    say(toLine(Object.values(sample).map(String)))
  }
  return samples
}

function toLine(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(10)).join(' ')
}

async function hasDrained({ redis, appid, simulator, databasePath }: Setup): Promise<boolean> {
  if ((await redis.countJobs(appid)) > 0 || simulator.stats().callbacks.pending > 0) return false
  const open = count(databasePath, "callback_events where kind = 'receipt' and due_at is not null")
  return open + count(databasePath, 'unmatched_receipts') === 0
}

async function collectBooks({ redis, appid, simulator, databasePath }: Setup, asked: number) {
  const statuses = ['queued', 'sending', 'sent', 'delivered', 'undelivered', 'rejected', 'skipped', 'unknown']
  const counts = statuses.map((status) => [status, count(databasePath, `pushes where status = '${status}'`)])
  const { accepted, callbacks } = simulator.stats()
  return {
    asked,
    rows: Object.fromEntries(counts),
    jobsLeft: await redis.countJobs(appid),
    accepted,
    dropped: callbacks.events.TEMPLATESENDJOBFINISH?.dropped ?? 0,
  }
}

function count(path: string, what: string): number {
  const connection = new Sqlite(path, { readonly: true })
  try {
    return Number(connection.prepare<[], number>(`select count(*) from ${what}`).pluck().get())
  } finally {
    connection.close()
  }
}

process.once('SIGINT', () => process.exit(1))
process.once('SIGTERM', () => process.exit(1))
process.exitCode = await main()
