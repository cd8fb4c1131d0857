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
}

/** Starts the real command line, to be gone with the test, with no variable of this process's environment but PATH and HOME. */
export function startCli(words: string[], { cwd, env = {}, input }: CliOptions): RunningCli {
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

  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })

  return {
    child,
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
