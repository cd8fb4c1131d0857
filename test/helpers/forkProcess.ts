import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import { dirname, join } from 'node:path'
import { inject } from 'vitest'

/** The program compiled from `<name>Process.ts` beside this file, for node; it is beside the command line. */
export const processFile = (name: string) => join(dirname(inject('cliMain')), `${name}Process.mjs`)

/** Starts that program with a channel for messages. */
export const forkProcess = (name: string, words: string[], options: ForkOptions = {}): ChildProcess =>
  fork(processFile(name), words, options)
