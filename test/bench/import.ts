import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { median } from './measure.ts'

const run = promisify(execFile)
const cwd = new URL('../..', import.meta.url).pathname

/**
 * Milliseconds of CPU that an application takes to import the built pusher, beside BullMQ and ioredis, which it loads no
 * sooner than it pushes; at most 0.28 of theirs.
 */
export async function benchImport(rounds = 10) {
  await run('npm', ['run', 'build'], { cwd })
  const figures = { pusher: [] as number[], bare: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    figures.pusher.push(await importMs(`${cwd}dist/library/pusher.js`))
    figures.bare.push(await importMs('bullmq', 'ioredis'))
  }
  const [ours, ceiling] = [median(figures.pusher), median(figures.bare)]
  return {
    bench: 'import',
    unit: 'ms of CPU',
    ours,
    ceiling,
    ratio: Math.round((ours / ceiling) * 100) / 100,
  }
}

async function importMs(...names: string[]): Promise<number> {
  const source = `const before = process.cpuUsage()
for (const name of process.argv.slice(1)) await import(name)
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1e3)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', source, ...names], { cwd })
  return Math.round(Number(stdout))
}
