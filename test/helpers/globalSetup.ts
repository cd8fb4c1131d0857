import type { TestProject } from 'vitest/node'
import { buildProgram } from '../chaos/program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The built command line. */
    cliMain: string
  }
}

/** Builds the command line once for all tests that start it, because each start of its source takes a second. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const { main, remove } = await buildProgram([])
  provide('cliMain', main)
  return remove
}
