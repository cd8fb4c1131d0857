import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readEnvironment } from '../../base/environment/readEnvironment.ts'

/** `unionpush worker` as a process of its own, which can be killed. */
export interface WorkerProcess {
  /** With -9; resolves when it is dead. */
  kill(): Promise<void>
  /** Rejects when it ended by itself. */
  failed: Promise<never>
}

/** `cwd` is where no `.env` of somebody else is read. */
export function startWorkerProcess(cwd: string, env: Record<string, string | undefined>): WorkerProcess {
  const [, main = ''] = process.argv
  const { PATH, HOME } = readEnvironment()
  // From source: a loader that is a package is found from here, not from `cwd`.
  const loader = process.execArgv.map((word) => (/^[\w@]/.test(word) ? import.meta.resolve(word) : word))
  const child = spawn(process.execPath, [...loader, main, 'worker'], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  let isWanted = true
  const ended = once(child, 'close')
  const failed = ended.then(([code]): Promise<never> => {
    if (!isWanted) return new Promise(() => {})
    throw new Error(`The worker ended by itself (${code}): ${said}`)
  })
  // Whoever waits for something else meanwhile is told by the race he makes of it.
  failed.catch(() => {})
  return {
    failed,
    async kill() {
      isWanted = false
      if (isAlive(child)) child.kill('SIGKILL')
      await ended
    },
  }
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
