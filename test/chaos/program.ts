import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type BuildOptions, build } from 'esbuild'

/** In the one built file of this name that says it, wherever it is: what it says once, and what it shall say. */
export type Edit = readonly [file: string, from: string, to: string]

/** From `db/packageFile.ts`, and from the bundle, which takes the place of that file. */
const thread = 'sqlite/engine/writerThread'
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Types have a check of their own, which takes ten times as long as writing the code. */
const onlyCode = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false']

export interface Program {
  /** The command line, for node; every user may read it. */
  main: string
  /** The thread that writes to SQLite, bundled; a URL. */
  writerThread: string
  remove(): Promise<void>
}

/**
 * What the short form waits less for than the program does: the same code with smaller numbers, so that a run takes
 * seconds. The long form changes nothing.
 */
export const shorterTimes: readonly Edit[] = [
  ['consumer.js', 'lockDuration: 15 * second', 'lockDuration: 3 * second'],
  ['consumer.js', 'stalledInterval: 5 * second', 'stalledInterval: second'],
  ['watchdog.js', 'patience = 15 * second', 'patience = 4 * second'],
  ['watchdog.js', 'interval = 5 * second', 'interval = second'],
  ['circuitBreaker.js', 'longest: 30 * second', 'longest: 4 * second'],
  ['outcome.js', 'secondLook = 30 * second', 'secondLook = second'],
  ['outcome.js', '? minute + 5 * second * random', '? second + second * random'],
  ['outcome.js', 'longest: minute', 'longest: 4 * second'],
  ['rateController.js', 'renewalInterval = 10 * second', 'renewalInterval = second'],
  ['probe.js', 'first: 5 * second, longest: 5 * minute', 'first: second, longest: 4 * second'],
  ['transport.js', 'answer: 15 * second', 'answer: 2 * second'],
  ['lease.js', 'life = 30 * second', 'life = 3 * second'],
  ['connect.js', 'answerTimeout = 60 * second', 'answerTimeout = 5 * second'],
  ['server.js', 'answerTimeout = 15 * second', 'answerTimeout = 4 * second'],
  ['lease.js', 'renewal = 5 * second', 'renewal = second'],
  ['handOut.js', 'lease = 20 * second', 'lease = 4 * second'],
  ['turn.js', 'leaseRenewal = 5 * second', 'leaseRenewal = second'],
]

/** Builds the program once into a directory of its own, because starting it from its source is slow. */
export async function buildProgram(edits: readonly Edit[]): Promise<Program> {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-chaos-build-'))
  await chmod(dir, 0o755)
  const remove = () => rm(dir, { recursive: true, force: true })
  try {
    const dist = await compile(dir, edits)
    return {
      main: join(dist, 'cli/main.js'),
      writerThread: pathToFileURL(join(dist, `cli/${thread}.js`)).href,
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Resolves with the directory of what was compiled. */
async function compile(dir: string, edits: readonly Edit[]): Promise<string> {
  const dist = join(dir, 'dist')
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(root, 'src/tsconfig.build.json')
  await promisify(execFile)(process.execPath, [tsc, '-p', project, '--outDir', dist, ...onlyCode])
  await promisify(execFile)(process.execPath, [
    join(root, 'src/dashboard.build.mjs'),
    join(dist, 'dashboard'),
  ])
  await cp(join(root, 'package.json'), join(dir, 'package.json'))
  await cp(join(root, 'drizzle'), join(dir, 'drizzle'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'))
  for (const edit of edits) await apply(edit, dist)
  await apply(ending, dist)
  await bundle(dist)
  return dist
}

const bundling = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['better-sqlite3', '@electric-sql/*', 'pino-pretty'],
  // A start reads all of it.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'error',
} satisfies BuildOptions

/** What CommonJS modules find around them; the names must not be any module's own. */
const commonJs = [
  "import * as $module from 'node:module'",
  "import * as $path from 'node:path'",
  "import * as $url from 'node:url'",
  'const require = $module.createRequire(import.meta.url)',
  'const __filename = $url.fileURLToPath(import.meta.url)',
  'const __dirname = $path.dirname(__filename)',
].join(';')

/** With all packages they need in them. */
export const asModules = { ...bundling, format: 'esm', banner: { js: commonJs } } satisfies BuildOptions

/**
 * Makes one file of the program with all it needs, because a run starts a dozen processes and half of what one costs is
 * finding and reading a thousand modules. What the files look for beside themselves is as far from the directory of the
 * command line as from their own.
 */
async function bundle(dist: string): Promise<void> {
  const main = join(dist, 'cli/main.js')
  const outfile = join(dist, `cli/${thread}.js`)
  await build({ ...asModules, entryPoints: [join(dist, `db/${thread}.js`)], outfile })
  await build({
    ...bundling,
    entryPoints: [main],
    outfile: join(dist, 'cli/main.cjs'),
    format: 'cjs',
    define: { 'import.meta.url': '$moduleUrl', 'import.meta.resolve': 'require.resolve' },
    // What was kept compiled does not know where to import from.
    supported: { 'dynamic-import': false },
    banner: { js: `const $moduleUrl = require('node:url').pathToFileURL(__filename).href` },
  })
  const bundled = join(dist, 'cli/main.cjs')
  const body = (await readFile(bundled, 'utf8')).replace(/^#!.*/, '').replace(/[^\0-\x7f]/g, toEscape)
  await writeFile(bundled, `(function (exports, require, module, __filename, __dirname) {${body}\n})`)
  await writeFile(main, start)
  // Compiles what most commands need, and keeps it.
  const env = { ...process.env, KEEP_COMPILED: '1', DATABASE_URL: `file:${join(dist, 'none.db')}` }
  const account = { WECHAT_APPID: 'wxnone', WECHAT_SECRET: 'none', ACCOUNTS_FILE: '' }
  const words = [main, 'lookup', 'nobody']
  await promisify(execFile)(process.execPath, words, { cwd: dist, env: { ...env, ...account } }).catch(
    () => {},
  )
}

/** In regular expressions and their raw templates, where an escape means the same, the bundler leaves what is no ASCII. */
const toEscape = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/** CommonJS has no `await` there; 13 is what node ends with when that never comes to an end. */
const ending: Edit = [
  'main.js',
  'process.exitCode = await runCommandLine(words).catch(report)',
  'process.exitCode = 13; void runCommandLine(words).catch(report).then((code) => { process.exitCode = code })',
]

/** Runs the bundle as it was compiled before, which saves a quarter of what a start takes; it is written in ASCII. */
const start = `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
const filename = fileURLToPath(new URL('main.cjs', import.meta.url))
const compiled = filename + '.compiled'
const script = new vm.Script(readFileSync(filename, 'latin1'), {
  filename,
  cachedData: existsSync(compiled) ? readFileSync(compiled) : undefined,
})
if (process.env.KEEP_COMPILED) process.on('exit', () => writeFileSync(compiled, script.createCachedData()))
const module = { exports: {} }
script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename))
`

async function apply([file, from, to]: Edit, dist: string): Promise<void> {
  const names = (await readdir(dist, { recursive: true })).filter((name) => basename(name) === file)
  const found = await Promise.all(
    names.map(async (name) => ({
      path: join(dist, name),
      parts: (await readFile(join(dist, name), 'utf8')).split(from),
    })),
  )
  const [match, other] = found.filter(({ parts }) => parts.length === 2)
  if (!match || other) throw new Error(`one ${file} should say "${from}" once`)
  await writeFile(match.path, match.parts.join(to))
}
