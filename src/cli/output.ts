import { once } from 'node:events'
import type { Language } from '../base/sentences/language.ts'
import { inLanguage } from '../base/sentences/stored.ts'
import { createProgressBar, type Progress } from './progress.ts'

/** Where a command says what it has to say: answers on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean
  /** The answer of a command about one thing: one JSON object, or the text made of it. */
  print<T extends object>(answer: T, toText: (answer: T) => string): Promise<void>
  /** The answers of a list, one line of JSON or one text each; waits for a slow reader. Resolves with their number. */
  printAll<T extends object>(
    answers: Iterable<T> | AsyncIterable<T>,
    toText: (answer: T) => string,
  ): Promise<number>
  /** A remark for people, on stderr; programs that asked for JSON are not told. */
  remark(text: string): void
  /** On stderr too; a program that asked for JSON gets it only if it runs on a terminal. */
  createProgress(label: string): Progress
}

/** Sentences that records keep are put in words of the language. */
export function createOutput(json: boolean, language: Language): Output {
  async function write(text: string): Promise<void> {
    if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
  }

  return {
    json,
    async print(answer, toText) {
      const told = inLanguage(answer, language)
      await write(json ? JSON.stringify(told) : toText(told))
    },
    async printAll(answers, toText) {
      let count = 0
      for await (const answer of answers) {
        const told = inLanguage(answer, language)
        await write(json ? JSON.stringify(told) : toText(told))
        count++
      }
      return count
    },
    remark(text) {
      if (!json) process.stderr.write(`${text}\n`)
    },
    createProgress(label) {
      const isShown = !json || process.stderr.isTTY
      return createProgressBar({ label, stream: isShown ? process.stderr : { write() {} } })
    },
  }
}

/**
 * `unionpush history | head` closes our stdout early: a reader who has seen enough is no error. Whether somebody can read
 * stderr decides nothing: a service works on with a full disk.
 */
export function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  process.stderr.on('error', () => {})
}
