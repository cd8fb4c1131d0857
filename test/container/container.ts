import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Settings } from './dockerfile.ts'
import { type Image, toCommand } from './image.ts'

/**
 * Starts an image as an engine does: its entry point is process 1 of a namespace, and signals go to that process.
 * Resolves when its output matches; rejects when it ends before.
 */
export async function startContainer(
  image: Image,
  { user, entrypoint }: Settings,
  words: string[],
  env: Record<string, string>,
  pattern: RegExp,
) {
  const enter = ['--pid', '--fork', '--kill-child']
  const child = spawn('unshare', [...enter, ...toCommand(image, user, [...entrypoint, ...words], env)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit').then(([code]): number | null => code)
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const look = (text: string) => {
      output += text
      if (pattern.test(output)) resolve()
    }
    child.stdout.setEncoding('utf8').on('data', look)
    child.stderr.setEncoding('utf8').on('data', look)
    ended.then((code) => reject(new Error(`${words.join(' ')} ended with ${code}:\n${output}`)), reject)
  })
  const [pid = 0] = await childrenOf(child.pid ?? 0)
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return {
    output: () => output,
    /** Its number in its own namespace. */
    ownPid: Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]),
    async stop(signal: string): Promise<{ code: number | null; seconds: number }> {
      const begun = performance.now()
      process.kill(pid, signal)
      return { code: await ended, seconds: (performance.now() - begun) / 1_000 }
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}
