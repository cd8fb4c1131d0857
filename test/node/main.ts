import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bringNode } from '../helpers/nodeFromNpm.ts'

/**
 * `npm run test:node [-- version ...] [-- file ...]`: the suite, or those files of it, on other versions of Node.js, by
 * default 20.19, 22 and 24. Each gets a copy of this checkout with packages of its own, of which better-sqlite3 is
 * built against the headers of that version wherever no compiled one can be fetched; that takes a compiler and minutes.
 * With `--core` it is the core of the program on PostgreSQL and Redis alone, in this checkout with its packages: nothing
 * of that is compiled for a version.
 */
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const isVersion = (word: string) => /^\d+(\.\d+){0,2}$/.test(word)
const words = process.argv.slice(2).filter((word) => word !== '--')
const isCore = words.includes('--core')
const versions = words.some(isVersion) ? words.filter(isVersion) : ['20.19', '22', '24']
const files = words.filter((word) => !isVersion(word) && word !== '--core')

for (const version of versions) {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-node-'))
  // A test runs it as another user.
  await chmod(dir, 0o755)
  const code = await (isCore ? testCoreOn : testOn)(version, dir).finally(() =>
    rm(dir, { recursive: true, force: true }),
  )
  process.stdout.write(`Node.js ${version}: ${code === 0 ? 'passed' : 'FAILED'}\n`)
  if (code !== 0) process.exitCode = 1
}

/** Resolves with the exit code of the tests, or of what comes before them. */
async function testOn(version: string, dir: string): Promise<number> {
  const copy = join(dir, 'unionpush')
  const run = await bring(version, dir, copy)
  await copyCheckout(copy)
  return (
    (await run('npm', 'ci', '--engine-strict', '--no-audit', '--no-fund')) ||
    (await run('npm', 'test', '--', ...files))
  )
}

async function testCoreOn(version: string, dir: string): Promise<number> {
  const run = await bring(version, dir, checkout, { TEST_DATABASE: 'postgres', TEST_QUEUE: 'redis' })
  return run('npm', 'run', 'test:engines', '--', 'test/engines/pushes.test.ts', ...files)
}

/** Runs commands with that version in a directory, and resolves with their exit codes. */
async function bring(version: string, dir: string, cwd: string, more: Record<string, string> = {}) {
  const node = join(dir, 'node')
  await bringNode(version, node)
  const PATH = `${join(node, 'bin')}${delimiter}${process.env.PATH}`
  const env = { ...process.env, ...more, PATH, npm_config_nodedir: node }
  return async (command: string, ...rest: string[]) => {
    const [code] = await once(spawn(command, rest, { cwd, env, stdio: 'inherit' }), 'exit')
    return Number(code ?? 1)
  }
}

/** What git knows or would take, as it is now. */
async function copyCheckout(target: string): Promise<void> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const { stdout } = await promisify(execFile)('git', list, { cwd: checkout, maxBuffer: 1e8 })
  for (const file of stdout.split('\0').filter(Boolean)) await cp(join(checkout, file), join(target, file))
}
