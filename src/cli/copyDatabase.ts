import { existsSync } from 'node:fs'
import type { DatabaseConfig } from '../base/config.ts'
import { ConfigError } from '../base/configError.ts'
import { parseDatabaseUrl } from '../base/environment/checkEnvironment.ts'
import { createLog } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import { type CopySummary, copyDatabase } from '../db/copy/copyDatabase.ts'
import { isPretty } from './accounts/withAccounts.ts'
import { UsageError } from './args.ts'
import { formatCount } from './format.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'
import { renderTable } from './table.ts'
import { phrase } from './text/phrase.ts'

const labels = { copy: 'migrate.copied', verify: 'migrate.verified' } as const

/** Copies the SQLite file `from` to the PostgreSQL server `to`, both as DATABASE_URL takes them. */
export async function copyToPostgres(from: string, to: string, out: Output): Promise<void> {
  const file = parseUrl('from', from)
  if (file.engine !== 'sqlite')
    throw new UsageError(say('usage.expectsOnly', { option: 'from', expected: say('option.sqlite') }))
  if (!existsSync(file.path)) throw new UsageError(say('usage.noFile', { option: 'from', path: file.path }))
  const server = parseUrl('to', to)
  if (server.engine !== 'postgres')
    throw new UsageError(say('usage.expectsOnly', { option: 'to', expected: say('option.postgres') }))
  const { openCopy } = await import('../db/open.ts')
  const log = createLog({ level: 'error', pretty: isPretty(out) })
  const { source, target, close } = await openCopy({ path: file.path, to: server, log })
  try {
    const result = await withProgress(out, (onProgress) => {
      const onNewBeginning = () => out.remark(phrase('migrate.again', { address: source.address }))
      return copyDatabase(source, target, { onProgress, onNewBeginning })
    })
    await out.print(result, (summary) => toText(summary, { from: source.address, to: target.address }))
  } finally {
    await close()
  }
}

/** Values are masked as those of the configuration. */
function parseUrl(option: string, url: string): DatabaseConfig {
  try {
    return parseDatabaseUrl(url)
  } catch (error) {
    const [fault] = error instanceof ConfigError ? error.faults : []
    if (fault === undefined) throw error
    throw new UsageError(say('usage.expectsBare', { option, expected: fault.expected, given: fault.found }))
  }
}

async function withProgress<T>(
  out: Output,
  work: (onProgress: (phase: 'copy' | 'verify', done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let shown: { phase: string; bar: Progress } | undefined
  try {
    return await work((phase, done, total) => {
      if (shown?.phase !== phase) {
        shown?.bar.end()
        shown = { phase, bar: out.createProgress(phrase(labels[phase])) }
      }
      shown.bar.update(done, total)
    })
  } finally {
    shown?.bar.end()
  }
}

function toText({ tables, resumed }: CopySummary, { from, to }: { from: string; to: string }): string {
  const rows = tables.map(({ table, rows, checksum }) => [table, formatCount(rows), checksum.slice(0, 16)])
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  const columns = [
    { title: phrase('migrate.table') },
    { title: phrase('migrate.rows'), align: 'right' } as const,
    { title: phrase('migrate.checksum') },
  ]
  const facts = { rows: total, from, to }
  return [
    renderTable(columns, rows),
    phrase(resumed ? 'migrate.doneResumed' : 'migrate.done', facts),
    phrase('migrate.now'),
  ].join('\n\n')
}
