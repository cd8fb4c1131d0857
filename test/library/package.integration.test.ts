import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { Queue } from 'bullmq'
import { build } from 'esbuild'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import webpack from 'webpack'
import { catalogues } from '../../src/base/sentences/render.ts'
import type { Wording } from '../../src/base/sentences/sentence.ts'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { redisUrl } from '../helpers/pushing.ts'

const run = promisify(execFile)
const root = new URL('../..', import.meta.url).pathname
const appid = `wx${randomUUID().slice(0, 8)}`
let folder = ''

const app = `import { createPusher, InvalidPushError, type PushMessage } from 'unionpush'
import { createPusher as same } from 'unionpush/pusher'
import { createSimulator, type AcceptedMessage, type Simulator } from 'unionpush/simulator'
async function main(): Promise<void> {
  const pusher = createPusher({ appid: '${appid}', redisUrl: '${redisUrl}' })
  const message: PushMessage = { unionid: 'u', templateId: 't', data: { thing1: 'x' } }
  const error: unknown = await pusher.push({ ...message, unionid: undefined }).catch((e: unknown) => e)
  const { id, status }: { id: string; status: 'queued' | 'duplicate' } = await pusher.push(message)
  await pusher.close()
  const wechat: Simulator = await createSimulator({ followers: 1 })
  const messages: AcceptedMessage[] = [...wechat.accepted()]
  const answer = await fetch(wechat.base + '/__sim/stats')
  const counted: unknown = await answer.json()
  await wechat.close()
  // @ts-expect-error an option nobody knows
  await createSimulator({ follower: 1 }).catch((e: unknown) => e instanceof TypeError || process.exit(1))
  if (messages.length > 0 || !counted || wechat.userAt(0).unionid === undefined) process.exit(2)
  // @ts-expect-error a push without a template is refused by the compiler
  const wrong: PushMessage = { unionid: id, data: {} }
  console.log(wrong && error instanceof InvalidPushError && same === createPusher && status)
}
main()
`

// Compilers and bundlers take their time on a busy machine.
describe('the packed tarball, installed in another folder', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unionpush-package-'))
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
    await writeFile(join(folder, 'package.json'), '{"private":true}')
    await install(join(folder, filename))
    for (const name of ['app.ts', 'app.cts', 'app.mts']) await writeFile(join(folder, name), app)
  }, 240_000)

  afterAll(async () => {
    const connection = new Redis(redisUrl)
    const queue = new Queue(toQueueName(appid), { connection, prefix: queuePrefix })
    await queue.obliterate({ force: true })
    await queue.close()
    connection.disconnect()
    await rm(folder, { recursive: true, force: true })
  })

  describe.each(['cjs', 'esm'] as const)('an application of format %s', (format) => {
    test('runs as it is', async () => {
      const outfile = join(folder, format === 'cjs' ? 'plain.cjs' : 'plain.mjs')
      await build({ entryPoints: [join(folder, 'app.ts')], outfile, format })
      expect(await output(outfile)).toBe('queued')
    })

    test('runs bundled by esbuild, away from its packages', async () => {
      const elsewhere = await mkdtemp(join(folder, '..', 'unionpush-bundle-'))
      const outfile = join(elsewhere, format === 'cjs' ? 'app.cjs' : 'app.mjs')
      // As every program that bundles ioredis into a module has to give it a `require`.
      const js = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)`
      const banner = format === 'esm' ? { js } : {}
      const entryPoints = [join(folder, 'app.ts')]
      const options = { bundle: true, platform: 'node', banner, logLevel: 'error' } as const
      await build({ ...options, entryPoints, outfile, format })
      const answer = await output(outfile)
      await rm(elsewhere, { recursive: true })
      expect(answer).toBe('queued')
    })

    test('runs bundled by webpack', async () => {
      const entry = join(folder, format === 'cjs' ? 'entry.cjs' : 'entry.mjs')
      await build({ entryPoints: [join(folder, 'app.ts')], outfile: entry, format })
      const path = join(folder, `webpack-${format}`)
      await pack({
        entry,
        mode: 'development',
        devtool: false,
        target: 'node20',
        context: folder,
        output: { path, filename: 'app.cjs' },
      })
      expect(await output(join(path, 'app.cjs'))).toBe('queued')
    })
  })

  test.each([
    ['app.ts', ['--module', 'commonjs']],
    ['app.cts', ['--module', 'node16']],
    ['app.cts', ['--module', 'nodenext']],
    ['app.mts', ['--module', 'nodenext']],
    ['app.ts', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('%s compiles with %j, libraries checked', async (file, flags) => {
    const tsc = join(root, 'node_modules/.bin/tsc')
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
    await run(tsc, ['--noEmit', '--strict', '--target', 'es2022', ...types, ...flags, file], { cwd: folder })
  })

  test.each([
    'dist/index.d.ts',
    'dist/pusher.d.ts',
    'dist/simulator.d.ts',
    'dist/cjs/types/index.d.ts',
    'dist/cjs/types/pusher.d.ts',
    'dist/cjs/types/simulator.d.ts',
  ])('the types of %s need no other package', async (entry) => {
    const { files, packages } = await followTypes(join(folder, 'node_modules/unionpush', entry))
    expect(packages).toEqual([])
    expect(files).toContain(entry.endsWith('simulator.d.ts') ? 'fault.d.ts' : 'wait.d.ts')
  })

  test('who imports the pusher loads no package, one language and little else, for less than 25 MB', async () => {
    const { source, packages } = await followImports(
      join(folder, 'node_modules/unionpush/dist/library/pusher.js'),
    )
    expect(packages).toEqual([])
    // Half of it is zod, a quarter what there is to say in English.
    expect(source.length / 1_000).toBeLessThan(450)
    const isLoaded = (text: string) => source.includes(toAscii(text))
    const isChinese = (text: string) => /\p{Script=Han}/u.test(text)
    expect(
      toTexts(catalogues.en).filter((text) => !isChinese(text) && isLoaded(text)).length,
    ).toBeGreaterThan(300)
    expect(toTexts(catalogues.zh).filter((text) => isChinese(text) && isLoaded(text))).toEqual([])
    expect(await importedMegabytes('unionpush/pusher')).toBeLessThan(25)
  })

  test('nothing of the development set-up is in it', async () => {
    const dist = join(folder, 'node_modules/unionpush/dist')
    const files = (await readdir(dist, { recursive: true })).filter((name) => /\.js$/.test(name))
    const suspects: string[] = []
    for (const file of files) {
      if (/\btsx\b/.test(await readFile(join(dist, file), 'utf8'))) suspects.push(file)
    }
    expect(suspects).toEqual([])
    expect(files).toContain('db/sqlite/engine/writerThread.js')
    // Of each migration the SQL and the journal are read; what drizzle-kit compares with is not.
    const migrations = await readdir(join(dist, '../drizzle'), { recursive: true })
    expect(migrations.filter((name) => name.endsWith('.json')).sort()).toEqual(
      ['migrations', 'postgres'].map((engine) => `${engine}/meta/_journal.json`),
    )
  })

  test('the example of a test against the simulator passes', async () => {
    const example = join(folder, 'simulator-test')
    await cp(join(root, 'examples/simulator-test'), example, { recursive: true })
    await symlink(join(folder, 'node_modules'), join(example, 'node_modules'))
    const { stdout } = await run('npm', ['test'], { cwd: example })
    expect(stdout).toMatch(/^# pass 3$/m)
    expect(stdout).toMatch(/^# fail 0$/m)
  })

  test('its database works from CommonJS, thread and migrations included', async () => {
    const source = `const { createMiniProgram } = require('unionpush')
const miniProgram = createMiniProgram({ appid: 'wxm', secret: 's', serviceAppid: 'wxs', databaseUrl: 'file:./cjs.db' })
miniProgram.logout('x'.repeat(43)).then(() => miniProgram.session('y')).then(async ({ reason }) => {
  await miniProgram.close()
  console.log(reason)
})`
    await writeFile(join(folder, 'database.cjs'), source)
    expect(await output(join(folder, 'database.cjs'))).toBe('no_session')
  })

  test('the command runs, database and migrations included', async () => {
    const bin = join(folder, 'node_modules/.bin/unionpush')
    expect((await run(bin, ['--help'], { cwd: folder })).stdout).toContain('sync')
    const env = {
      ...process.env,
      WECHAT_APPID: 'wxpackage',
      WECHAT_SECRET: 'secret',
      DATA_DIR: join(folder, 'data'),
    }
    const { stdout } = await run(bin, ['migrate', '--json'], { cwd: folder, env })
    expect(JSON.parse(stdout)).toMatchObject({
      database: { engine: 'sqlite', address: expect.stringContaining(folder) },
    })
  })
})

/**
 * As npm does, but with what this checkout has already of the packages that are needed: npm asks the registry for each of
 * them, compiles one and takes minutes.
 */
async function install(tarball: string): Promise<void> {
  const modules = join(folder, 'node_modules')
  const own = join(modules, 'unionpush')
  await mkdir(own, { recursive: true })
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', own])
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root })
  for (const path of stdout.trim().split('\n')) {
    const name = relative(join(root, 'node_modules'), path)
    if (name.startsWith('..') || name.includes('node_modules')) continue
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(path, join(modules, name))
  }
  const { bin } = JSON.parse(await readFile(join(own, 'package.json'), 'utf8'))
  await mkdir(join(modules, '.bin'))
  await symlink(join(own, bin.unionpush), join(modules, '.bin/unionpush'))
  await chmod(join(own, bin.unionpush), 0o755)
}

async function output(file: string): Promise<string> {
  return (await run(process.execPath, [file], { cwd: folder })).stdout.trim()
}

async function pack(options: webpack.Configuration): Promise<void> {
  const compiler = webpack(options)
  const stats = await promisify(compiler.run.bind(compiler))()
  await promisify(compiler.close.bind(compiler))()
  if (stats?.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }))
}

/** What is loaded with a module, and the packages it names; not what is imported later. */
async function followImports(entry: string): Promise<{ source: string; packages: string[] }> {
  const seen = new Set([entry])
  const packages: string[] = []
  let source = ''
  for (const file of seen) {
    const own = await readFile(file, 'utf8')
    for (const [, name = ''] of own.matchAll(/^(?:import|export|\}) ?(?:.* from )?"([^"]+)";$/gm)) {
      if (name.startsWith('.')) seen.add(join(dirname(file), name))
      else if (!name.startsWith('node:')) packages.push(name)
    }
    source += own
  }
  return { source, packages }
}

/** Whole sentences, which no other text has by chance. */
function toTexts(catalogue: Record<string, Wording>): string[] {
  return Object.values(catalogue).flatMap((wording) => [wording].flat().filter((text) => text.length > 20))
}

/** As esbuild writes it. */
function toAscii(text: string): string {
  const toEscape = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  return text.replaceAll(/[^\n -~]/g, toEscape)
}

async function importedMegabytes(name: string): Promise<number> {
  const file = join(folder, 'importedMegabytes.mjs')
  const source = `const rss = process.memoryUsage.rss()
await import('${name}')
console.log((process.memoryUsage.rss() - rss) / 1e6)`
  await writeFile(file, source)
  return Number(await output(file))
}

/** The declarations that can be reached from one, and the packages they name. */
async function followTypes(entry: string): Promise<{ files: string[]; packages: string[] }> {
  const seen = new Set([entry])
  const packages: string[] = []
  for (const file of seen) {
    for (const [, name = ''] of (await readFile(file, 'utf8')).matchAll(/(?:from |import\()'([^']+)'/g)) {
      if (name.startsWith('.')) seen.add(join(dirname(file), name.replace(/\.ts$/, '.d.ts')))
      else packages.push(name)
    }
  }
  return { files: [...seen].map((file) => file.slice(file.lastIndexOf('/') + 1)), packages }
}
