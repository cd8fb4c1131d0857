import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = new URL('../..', import.meta.url).pathname
let folder = ''

describe('the packed tarball, installed in another folder', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unionpush-package-'))
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
    await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}')
    // The native module was compiled for this checkout already: reuse it instead of building it again.
    const flags = ['--prefer-offline', '--no-audit', '--ignore-scripts']
    await run('npm', ['install', ...flags, join(folder, filename)], { cwd: folder })
    const native = 'node_modules/better-sqlite3/build'
    await cp(join(root, native), join(folder, native), { recursive: true })
  }, 240_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('the library can be imported and refuses bad input', async () => {
    await writeFile(
      join(folder, 'use.js'),
      `import { createPusher, InvalidPushError } from 'unionpush'
const pusher = createPusher({ appid: 'wxpackage', redisUrl: 'redis://127.0.0.1:1' })
const error = await pusher.push({ templateId: 't', data: { thing1: 'x' } }).catch((e) => e)
await pusher.close()
console.log(error instanceof InvalidPushError, error.message)`,
    )
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: folder })
    expect(stdout).toMatch(/^true .*unionid/)
  })

  test('its types hold what the documentation says', async () => {
    const source = `import { createPusher, type PushMessage } from 'unionpush'
const message: PushMessage = { unionid: 'u', templateId: 't', data: { thing1: 'x' }, sendAt: new Date() }
const { id, status }: { id: string; status: 'queued' | 'duplicate' } = await createPusher().push(message)
// @ts-expect-error a push without a template is refused by the compiler
await createPusher().push({ unionid: 'u', data: {} })
export const seen = [id, status]
`
    await writeFile(join(folder, 'use.ts'), source)
    const tsc = join(root, 'node_modules/.bin/tsc')
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023']
    await run(
      tsc,
      [...flags, '--types', 'node', '--typeRoots', join(root, 'node_modules/@types'), 'use.ts'],
      {
        cwd: folder,
      },
    )
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
    expect(JSON.parse(stdout)).toMatchObject({ database: expect.stringContaining(folder) })
  })
})
