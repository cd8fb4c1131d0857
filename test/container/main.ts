import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bringNode } from '../helpers/nodeFromNpm.ts'
import { startContainer } from './container.ts'
import { readDockerfile } from './dockerfile.ts'
import { buildStage, checkout, type Image, makeReadOnly, runInside } from './image.ts'

/**
 * `npm run test:container`: takes the steps of the Dockerfile without a container engine, and runs what they make as
 * the user that it names, as process 1, on a root file system that is read-only: syncs, sends one push, and stops it.
 * Needs Linux and root, for mounts in a namespace of its own, and nothing else: queue and WeChat are in the image too.
 */
const [, self = '', namespaceDir] = process.argv
if (namespaceDir === undefined) await enterNamespace()
else await check(namespaceDir)

async function enterNamespace(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('Only root may mount what this needs')
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-container-'))
  const loader = fileURLToPath(import.meta.resolve('tsx'))
  const words = ['--mount', '--propagation=private', process.execPath, '--import', loader, self, dir]
  const child = spawn('unshare', words, { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  await rm(dir, { recursive: true, force: true })
  process.exitCode = code ?? 1
}

async function check(dir: string): Promise<void> {
  const { stages, settings } = readDockerfile(await readFile(join(checkout, 'Dockerfile'), 'utf8'))
  const version = /^node:(\d+)-/.exec(stages[0]?.image ?? '')?.[1]
  if (version === undefined) throw new Error(`Not an image of Node.js: ${stages[0]?.image}`)
  const node = join(dir, 'node')
  await bringNode(version, node)
  const built = new Map<string, Image>()
  let image: Image | undefined
  for (const [index, stage] of stages.entries()) {
    say(`${stage.image}: ${stage.steps.length} steps`)
    image = await buildStage(stage, { node, dir: join(dir, `stage${index}`), built })
    if (stage.name !== undefined) built.set(stage.name, image)
  }
  if (!image) throw new Error('The Dockerfile has no stage')
  await makeReadOnly(image, settings)
  await use(image, settings)
}

async function use(image: Image, settings: ReturnType<typeof readDockerfile>['settings']): Promise<void> {
  const simulator = await startContainer(image, settings, ['simulator', '--json'], {}, /^\{"port".*\n/)
  const { base, appid, secret } = JSON.parse(simulator.output())
  const env = { WECHAT_API_BASE: base, WECHAT_APPID: appid, WECHAT_SECRET: secret, LOG_LEVEL: 'info' }
  const service = await startContainer(image, settings, settings.command, env, /"msg":"ready"/)
  say(`ready, as process ${service.ownPid} of its own, user ${settings.user}`)
  if (service.ownPid !== 1) throw new Error('A process stands between the engine and the program')

  const command = (...words: string[]) =>
    runInside(image, settings.user, [...settings.entrypoint, ...words, '--json'], env)
  const users = await fetch(`${base}/__sim/users?count=1`)
  const { unionid } = JSON.parse(await users.text())
  const template = (await command('templates')).split('\n').find((line) => line.includes('thing1.DATA'))
  const { templateId } = JSON.parse(template ?? '{}')
  const data = JSON.stringify({ thing1: '订单已发货', time2: '2026-11-20 15:01' })
  const record = await command(
    ...['push', '--unionid', unionid, '--template', templateId, '--data', data, '--wait'],
  )
  say(record.trim())
  if (JSON.parse(record).status !== 'sent') throw new Error('The push was not sent')

  const { code, seconds } = await service.stop(settings.stopSignal)
  say(`${settings.stopSignal} ended it after ${seconds.toFixed(1)} s with exit code ${code}`)
  if (code !== 0) throw new Error('It did not stop in good order')
  await simulator.stop('SIGTERM')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
