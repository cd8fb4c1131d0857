import type { TestProject } from 'vitest/node'
import { buildProgram, type Program } from '../chaos/program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The built command line. */
    cliMain: string
  }
}

/** Shared by the projects of a run, each of which loads this module for itself. */
const kept: { program?: Promise<Program> } = Object(globalThis)

/**
 * Builds the command line once for all tests that start it, because each start of its source takes a second; so does the
 * thread of each SQLite database.
 */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  kept.program ??= buildProgram([])
  const { main, writerThread, remove } = await kept.program
  provide('cliMain', main)
  process.env.COMPILED_WRITER_THREAD = writerThread
  return remove
}
