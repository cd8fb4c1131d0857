import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'
import { asModules, buildProgram, type Program } from '../chaos/program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The built command line. */
    cliMain: string
  }
}

/** Shared by the projects of a run, each of which loads this module for itself. */
const kept: { program?: Promise<Program> } = Object(globalThis)

/**
 * Builds the command line once for all tests that start it, because each start of its source takes seconds of processor
 * time; so do the thread of each SQLite database and the other processes of tests.
 */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  kept.program ??= buildAll()
  const { main, writerThread, remove } = await kept.program
  provide('cliMain', main)
  process.env.COMPILED_WRITER_THREAD = writerThread
  return remove
}

async function buildAll(): Promise<Program> {
  const program = await buildProgram([])
  // Where what they look for beside themselves is already.
  const outdir = dirname(program.main)
  const here = new URL('.', import.meta.url).pathname
  const files = (await readdir(here)).filter((file) => file.endsWith('Process.ts'))
  const entryPoints = files.map((file) => join(here, file))
  const outExtension = { '.js': '.mjs' }
  // It starts a thread from a file of its own.
  const external = [...asModules.external, 'pino']
  await build({ ...asModules, entryPoints, outdir, outExtension, external, splitting: true })
  return program
}
