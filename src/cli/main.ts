#!/usr/bin/env node
import { loadLogLevel } from '../base/environment/readEnvironment.ts'
import { runCommandLine, toReport } from './commandLine.ts'
import { endQuietlyWhenNobodyReads } from './output.ts'

const words = process.argv.slice(2)

function report(error: unknown): number {
  const { exitCode, stdout, stderr } = toReport(error, words)
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  if (loadLogLevel() === 'debug' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return exitCode
}

endQuietlyWhenNobodyReads()
process.on('uncaughtException', (error) => process.exit(report(error)))
process.exitCode = await runCommandLine(words).catch(report)
