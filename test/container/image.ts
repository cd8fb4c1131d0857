import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Settings, Stage, Step } from './dockerfile.ts'

export const checkout = fileURLToPath(new URL('../..', import.meta.url))

export interface Image {
  /** The directory that is its `/`. */
  root: string
  workdir: string
  env: Record<string, string>
}

/** Certificates that the registry's may be signed by, which the base image would have been given. */
const certificates = Object.entries(process.env).filter(([name]) => /CERT|CAINFO|CA_BUNDLE/.test(name))

/**
 * Builds one stage. This machine's files stand for the base image, with the Node.js it asks for in `/usr/local`; what
 * the steps write goes to a layer above them. Only in a mount namespace of its own, as root.
 */
export async function buildStage(
  stage: Stage,
  { node, dir, built }: { node: string; dir: string; built: ReadonlyMap<string, Image> },
): Promise<Image> {
  const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(dir, name))
  if (!upper || !work || !root) throw new Error('unreachable')
  for (const path of [upper, work, root]) await mkdir(path, { recursive: true })
  await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=/,upperdir=${upper},workdir=${work}`, root])
  for (const name of ['dev', 'proc']) await run('mount', ['--rbind', `/${name}`, join(root, name)])
  await cp(join(node, 'bin'), join(root, 'usr/local/bin'), { recursive: true })
  await cp(join(node, 'include'), join(root, 'usr/local/include'), { recursive: true })
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const image: Image = { root, workdir: '/', env: { PATH: path, ...Object.fromEntries(certificates) } }
  for (const step of stage.steps) await take(step, image, built)
  return image
}

async function take(step: Step, image: Image, built: ReadonlyMap<string, Image>): Promise<void> {
  const inside = (path: string) => join(image.root, resolve(image.workdir, path))
  switch (step.do) {
    case 'workdir':
      image.workdir = resolve(image.workdir, step.path)
      await mkdir(inside('.'), { recursive: true })
      return
    case 'env':
      Object.assign(image.env, step.values)
      return
    case 'run':
      await runInside(image, 'root', ['/bin/sh', '-c', step.command], { HOME: '/root' })
      return
    case 'copy': {
      const from = step.stage === undefined ? checkout : built.get(step.stage)?.root
      if (from === undefined) throw new Error(`There is no stage ${step.stage}`)
      for (const source of step.sources) {
        if (step.stage === undefined) await needInContext(source)
        const isDirectory = (await stat(join(from, source))).isDirectory()
        const target =
          isDirectory || !step.target.endsWith('/') ? step.target : join(step.target, basename(source))
        await cp(join(from, source), inside(target), { recursive: true, verbatimSymlinks: true })
      }
    }
  }
}

/** What `.dockerignore` leaves out is not there to be copied. */
async function needInContext(source: string): Promise<void> {
  const lines = (await readFile(join(checkout, '.dockerignore'), 'utf8')).split('\n')
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (patterns[0] !== '*' || !patterns.slice(1).every((pattern) => /^![\w./-]+$/.test(pattern)))
    throw new Error('.dockerignore is understood here as long as it says * and what is let in again')
  const isLetIn = patterns.some(
    (pattern) => source === pattern.slice(1) || source.startsWith(`${pattern.slice(1)}/`),
  )
  if (!isLetIn) throw new Error(`.dockerignore leaves ${source} out, which the Dockerfile copies`)
}

/** The words that run something inside an image, as a user and with the environment of the image. */
export function toCommand(
  image: Image,
  user: string,
  words: string[],
  env: Record<string, string> = {},
): string[] {
  const variables = Object.entries({ ...image.env, ...env }).map(([name, value]) => `${name}=${value}`)
  const enter = ['chroot', ...(user === 'root' ? [] : [`--userspec=${user}`]), image.root]
  return [...enter, 'env', '-i', `--chdir=${image.workdir}`, ...variables, ...words]
}

/** Resolves with what it prints; rejects when it fails. */
export function runInside(
  image: Image,
  user: string,
  words: string[],
  env?: Record<string, string>,
): Promise<string> {
  const [command = '', ...rest] = toCommand(image, user, words, env)
  return run(command, rest)
}

async function run(command: string, words: string[], options: SpawnOptions = {}): Promise<string> {
  const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${code}:\n${output}`)
  return output
}

/** Nothing can be written but the volume, which begins with the owner and the mode of its place in the image. */
export async function makeReadOnly(image: Image, { volume }: Settings): Promise<void> {
  const place = join(image.root, volume)
  const { uid, gid, mode } = await stat(place)
  await run('mount', ['-o', 'remount,ro', image.root])
  await run('mount', [
    '-t',
    'tmpfs',
    'tmpfs',
    '-o',
    `uid=${uid},gid=${gid},mode=${(mode & 0o777).toString(8)}`,
    place,
  ])
}
