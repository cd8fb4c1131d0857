import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'

/** In a built file: what it says once, and what it shall say. */
export type Edit = readonly [file: string, from: string, to: string]

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Program {
  /** The command line, for node. */
  main: string
  remove(): Promise<void>
}

/**
 * What the short form waits less for than the program does: the same code with smaller numbers, so that a run takes
 * seconds. The long form changes nothing.
 */
export const shorterTimes: readonly Edit[] = [
  ['sending/worker.js', 'lockDuration: 15 * second', 'lockDuration: 3 * second'],
  ['sending/worker.js', 'stalledInterval: 5 * second', 'stalledInterval: second'],
  ['sending/watchdog.js', 'patience = 15 * second', 'patience = 4 * second'],
  ['sending/watchdog.js', 'interval = 5 * second', 'interval = second'],
  ['health/circuitBreaker.js', 'longestClosure = 30 * second', 'longestClosure = 4 * second'],
  ['sending/outcome.js', 'secondLook = 30 * second', 'secondLook = second'],
  ['sending/outcome.js', '? minute + 5 * second * random', '? second + second * random'],
  ['sending/outcome.js', 'longestBackoff = minute', 'longestBackoff = 4 * second'],
  ['health/probe.js', '5 * second * 2 **', 'second * 2 **'],
  ['health/probe.js', 'longestInterval = 5 * minute', 'longestInterval = 4 * second'],
  ['wechat/transport/transport.js', 'answer: 15 * second', 'answer: 2 * second'],
  ['sync/lease.js', 'life = 30 * second', 'life = 3 * second'],
  ['sync/lease.js', 'renewal = 5 * second', 'renewal = second'],
]

/** Builds the program once into a directory of its own, because starting it from its source is slow. */
export async function buildProgram(edits: readonly Edit[]): Promise<Program> {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-chaos-build-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  try {
    return { main: await compile(dir, edits), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Resolves with the command line. */
async function compile(dir: string, edits: readonly Edit[]): Promise<string> {
  const dist = join(dir, 'dist')
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(root, 'src/tsconfig.build.json')
  await promisify(execFile)(process.execPath, [tsc, '-p', project, '--outDir', dist])
  await cp(join(root, 'package.json'), join(dir, 'package.json'))
  await cp(join(root, 'drizzle/migrations'), join(dir, 'drizzle/migrations'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'))
  for (const [file, from, to] of edits) await replace(join(dist, file), from, to)
  await bundle(dist)
  return join(dist, 'cli/main.js')
}

/**
 * Makes one file of the program with all it needs, because a run starts a dozen processes and half of what one costs is
 * finding and reading a thousand modules. What the files look for beside themselves is as far from the directory of the
 * command line as from their own.
 */
async function bundle(dist: string): Promise<void> {
  await build({
    entryPoints: {
      main: join(dist, 'cli/main.js'),
      'sqlite/engine/writerThread': join(dist, 'db/sqlite/engine/writerThread.js'),
    },
    outdir: join(dist, 'cli'),
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3', '@electric-sql/*', 'pino-pretty'],
    banner: { js: commonJs },
    logLevel: 'error',
  })
}

/** What CommonJS modules find around them; the names must not be any module's own. */
const commonJs = [
  "import * as $module from 'node:module'",
  "import * as $path from 'node:path'",
  "import * as $url from 'node:url'",
  'const require = $module.createRequire(import.meta.url)',
  'const __filename = $url.fileURLToPath(import.meta.url)',
  'const __dirname = $path.dirname(__filename)',
].join(';')

async function replace(path: string, from: string, to: string): Promise<void> {
  const code = await readFile(path, 'utf8')
  if (code.split(from).length !== 2) throw new Error(`${path} should say "${from}" once`)
  await writeFile(path, code.replace(from, to))
}
