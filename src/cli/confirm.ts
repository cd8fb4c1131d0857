import { createInterface } from 'node:readline/promises'
import { phrase } from './text/phrase.ts'

/** Whether there is a person to ask. */
export function canConfirm(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** Asks on stderr; anything but yes is no. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(phrase('confirm.ask', { question }))
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
