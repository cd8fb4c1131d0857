import { existsSync } from 'node:fs'
import { type DatabaseConfig, parseDatabaseUrl } from '../base/config.ts'
import { ConfigError } from '../base/configError.ts'
import { createLog } from '../base/log.ts'
import { type CopySummary, copyDatabase } from '../db/copy/copyDatabase.ts'
import { isPretty } from './accounts/withAccounts.ts'
import { UsageError } from './args.ts'
import { formatCount, formatPlural } from './format.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'
import { renderTable } from './table.ts'

const labels = { copy: 'Copied', verify: 'Verified' }

/** Copies the SQLite file `from` to the PostgreSQL server `to`, both as DATABASE_URL takes them. */
export async function copyToPostgres(from: string, to: string, out: Output): Promise<void> {
  const file = parseUrl('from', from)
  if (file.engine !== 'sqlite')
    throw new UsageError('--from expects a SQLite file such as file:./data/unionpush.db')
  if (!existsSync(file.path)) throw new UsageError(`--from: there is no file ${file.path}`)
  const server = parseUrl('to', to)
  if (server.engine !== 'postgres')
    throw new UsageError('--to expects postgres://user:password@host/database')
  const { openCopy } = await import('../db/open.ts')
  const log = createLog({ level: 'error', pretty: isPretty(out) })
  const { source, target, close } = await openCopy({ path: file.path, to: server, log })
  try {
    const result = await withProgress(out, (onProgress) => {
      const onNewBeginning = () =>
        out.remark(`${source.address} has been written to since the copy began: the copy starts again`)
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
    const [problem] = error instanceof ConfigError ? error.problems : []
    if (problem === undefined) throw error
    throw new UsageError(`--${option} expects ${problem.expected}, got ${problem.found}`)
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
        shown = { phase, bar: out.createProgress(labels[phase]) }
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
  return `${renderTable([{ title: 'Table' }, { title: 'Rows', align: 'right' }, { title: 'Checksum' }], rows)}

${formatPlural(total, 'row')} of ${from} are in ${to}${resumed ? ' (resumed)' : ''}, compared by number and checksum.

Now on every machine:
1. Set DATABASE_URL to what --to was.
2. Leave REDIS_URL as it is: what waits in Redis stays there, and workers on the new database send it. Without
   REDIS_URL, what waits in the queue of DATA_DIR does not move: let a worker on the old file send it, and copy after that.
3. Start cron, worker and serve again. Start nothing on the old file any more, and keep it as a backup.`
}
