import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Log } from '../../src/base/log.ts'
import { openSqlite, type SqliteStores } from '../../src/db/sqlite/stores.ts'
import { forkProcess } from './forkProcess.ts'
import { createTestLog, makeDir } from './pushing.ts'

/** A database that lives as long as the test, in a new file unless a path is given. */
export async function openTestDatabase(path?: string, log: Log = createTestLog().log): Promise<SqliteStores> {
  const database = await openSqlite({ path: path ?? join(await makeDir(), 'test.db'), log })
  onTestFinished(() => database.close())
  return database
}

/** Another process takes the lock: to write (`IMMEDIATE`), or alone (`EXCLUSIVE`). Resolves with what gives it back. */
export async function holdLock(path: string, kind: 'IMMEDIATE' | 'EXCLUSIVE'): Promise<() => void> {
  const script = `
    const connection = new (require('better-sqlite3'))(${JSON.stringify(path)})
    connection.exec('BEGIN ${kind}')
    process.stdout.write('locked')
    process.stdin.on('close', () => process.exit()).resume()`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    if (child.exitCode !== null) return
    child.stdin.end()
    await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  return () => child.stdin.end()
}

/** Opens the database in a process of its own, as a user without privileges if asked; resolves with `open` or the error's code. */
export async function openElsewhere(path: string, { unprivileged = false } = {}): Promise<string> {
  const nobody = unprivileged && process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const child = forkProcess('database', [path], nobody)
  const [outcome] = await once(child, 'message')
  await once(child, 'exit')
  return String(outcome)
}
