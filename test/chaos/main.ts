import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toEngines } from './engines.ts'
import { guards } from './guards.ts'
import { buildProgram, shorterTimes } from './program.ts'
import { type RunResult, run } from './run.ts'
import { summarize } from './summary.ts'

const usage = `npm run test:chaos -- [--runs N] [--seed S] [--jobs N] [--only TEXT] [--long] [--patience S] [--without GUARD]

  --runs N     how many runs, each with the seed after the one before (1)
  --seed S     seed of the first run (any); the seed of a run repeats what is chance in it
  --jobs N     so many runs at the same time (1)
  --only TEXT  only faults with this in their names; several are separated by |
  --database ENGINE  sqlite or postgres (sqlite)
  --queue ENGINE     redis or postgres (redis)
  --long       the program's own times, thousands of pushes, long faults
  --patience S so many seconds for the drain, on a machine that is busy (60, 400 with --long)
  --without GUARD  without one of the guards: the runs must find what is broken then
${Object.keys(guards)
  .map((name) => `      ${name}`)
  .join('\n')}
`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string' },
    database: { type: 'string', default: 'sqlite' },
    queue: { type: 'string', default: 'redis' },
    long: { type: 'boolean', default: false },
    patience: { type: 'string' },
    without: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  if (values.help) {
    say(usage)
    return 0
  }
  const guard = values.without === undefined ? undefined : guards[values.without]
  if (values.without !== undefined && !guard) throw new Error(`expected a guard, got ${values.without}`)
  const engines = toEngines(values.database, values.queue)
  const only = values.only ?? guard?.against
  const program = await buildProgram([...(values.long ? [] : shorterTimes), ...(guard?.edits ?? [])])
  const startedAt = performance.now()
  const results: RunResult[] = []
  const bad: number[] = []
  let next = Number(values.seed)
  const end = next + Number(values.runs)

  async function runOne(seed: number): Promise<void> {
    const lines = [`seed ${seed}`]
    const result = await run(program, {
      seed,
      only,
      engines,
      isLong: values.long,
      patience: values.patience === undefined ? undefined : Number(values.patience) * 1_000,
      log: (line) => lines.push(line),
    })
    results.push(result)
    for (const reason of result.skipped) lines.push(`  SKIPPED ${reason}`)
    for (const violation of result.violations) lines.push(`  VIOLATION ${violation}`)
    const { drain, total } = result.ms
    lines.push(`  ${JSON.stringify(result.statuses)}, drained in ${drain} ms, ${total} ms in all`)
    const isBroken = result.violations.some((violation) => guard?.found.test(violation) ?? true)
    if (guard && !isBroken) lines.push('  the missing guard is not noticed')
    if (isBroken !== (guard !== undefined)) bad.push(seed)
    if (result.violations.length > 0) {
      const path = join(tmpdir(), `unionpush-chaos-${seed}.log`)
      await writeFile(path, result.logs)
      lines.push(`  what the program logged: ${path}`)
    }
    say(lines.join('\n'))
  }

  async function runNext(): Promise<void> {
    while (next < end) await runOne(next++)
  }

  try {
    await Promise.all(Array.from({ length: Number(values.jobs) }, runNext))
  } finally {
    await program.remove()
  }
  for (const line of summarize(results, (performance.now() - startedAt) / 1_000)) say(line)
  if (bad.length > 0) say(`not as it should be with the seeds ${bad.join(', ')}`)
  return bad.length > 0 ? 1 : 0
}

process.once('SIGINT', () => process.exit(1))
process.once('SIGTERM', () => process.exit(1))
process.exitCode = await main()
