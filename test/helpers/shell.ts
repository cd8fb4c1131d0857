import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { makeDir } from './pushing.ts'

const loader = import.meta.resolve('tsx')

/** Runs command lines as a user's shell does; `npx unionpush` is the built command line, `node` knows TypeScript. */
export async function openShell(cwd: string) {
  const bin = await makeDir()
  await writeFile(
    join(bin, 'npx'),
    `#!/bin/sh\nshift\nNODE_OPTIONS= exec '${process.execPath}' '${inject('cliMain')}' "$@"\n`,
  )
  await chmod(join(bin, 'npx'), 0o755)
  const { PATH = '', HOME = '' } = process.env
  const options = { cwd, env: { PATH: `${bin}:${PATH}`, HOME, NODE_OPTIONS: `--import ${loader}` } }

  return {
    run(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
      return new Promise((resolve) => {
        execFile('sh', ['-c', line], options, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        })
      })
    },
    /** Resolves when its output matches; it is gone with the test at the latest. */
    async start(line: string, pattern: RegExp) {
      const child = spawn('sh', ['-c', `exec ${line}`], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      const ended = once(child, 'exit').then(([code]) => code)
      onTestFinished(async () => {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
        await ended
      })
      let output = ''
      await new Promise<void>((resolve, reject) => {
        const look = (text: string) => {
          output += text
          if (pattern.test(output)) resolve()
        }
        child.stdout.setEncoding('utf8').on('data', look)
        child.stderr.setEncoding('utf8').on('data', look)
        ended.then(() => reject(new Error(`${line} ended without ${pattern}:\n${output}`)), reject)
      })
      return {
        output: () => output,
        /** Resolves with the exit code. */
        stop(): Promise<unknown> {
          child.kill('SIGTERM')
          return ended
        },
      }
    },
  }
}
