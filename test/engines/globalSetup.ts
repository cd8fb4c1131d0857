import type { TestProject } from 'vitest/node'
import { buildProgram, shorterTimes } from '../chaos/program.ts'

/** The command line with shorter waits, because each combination would wait for its locks to run out. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const { main, remove } = await buildProgram(shorterTimes)
  provide('cliMain', main)
  return remove
}
