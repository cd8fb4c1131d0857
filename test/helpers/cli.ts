import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { inject, onTestFinished } from 'vitest'

interface CliOptions {
  /** Working directory, where a `.env` is looked for. */
  cwd: string
  env?: Record<string, string>
  input?: string
}

interface CliResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunningCli {
  child: ChildProcessByStdio<Writable, Readable, Readable>
  stdout(): string
  stderr(): string
  /** Resolves when stdout and stderr together match; rejects when the process ends before. */
  waitFor(pattern: RegExp): Promise<void>
  ended: Promise<CliResult>
  /** With -9; resolves when it has ended. */
  kill(): Promise<void>
}

/** Starts the real command line, to be gone with the test. */
export function startCli(words: string[], options: CliOptions): RunningCli {
  const cli = spawnCli(words, options)
  onTestFinished(cli.kill)
  return cli
}

/** The same, gone when it is killed; with no variable of this process's environment but PATH and HOME. */
export function spawnCli(words: string[], { cwd, env = {}, input }: CliOptions): RunningCli {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [inject('cliMain'), ...words], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = once(child, 'close').then(([code, signal]): CliResult => ({ code, signal, stdout, stderr }))

  return {
    child,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    waitFor(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(stdout + stderr)) resolve()
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        look()
        ended.then(() => reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`)), reject)
      })
    },
  }
}

export function runCli(words: string[], options: CliOptions): Promise<CliResult> {
  return startCli(words, options).ended
}
