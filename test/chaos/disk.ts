import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { atExit } from './atExit.ts'

/** A row of `pushes` as it is in the file. */
export interface Row {
  id: string
  status: string
  reason: string | null
  openid: string | null
  msgid: string | null
  errcode: number | null
  attempts: number
  finished_at: number | null
}

export interface Disk {
  /** Of the database. */
  readonly path: string
  /** Whether it is small and nobody else's, so that it can be filled. */
  readonly isOwn: boolean
  /** Leaves no free byte. */
  fill(): void
  free(): void
  /** Takes SQLite's lock as another process would; resolves with what gives it back. */
  lock(): Promise<() => void>
  rows(): Row[]
  run(sql: string): void
  select(sql: string): Record<string, unknown>[]
  /** What SQLite finds wrong with the file; `ok` when nothing. */
  check(): string
  /** Makes the copy that is yesterday's later. */
  copy(): void
  hasCopy(): boolean
  /** Puts the copy in the place of the file, which nobody may have open. */
  restore(): void
  close(): void
}

const size = '48m'

/** A small file system of its own for the database where the machine allows one, else a plain directory. */
export function openDisk(dir: string): Disk {
  mkdirSync(dir, { mode: 0o700 })
  const isOwn = mount(dir)
  const path = join(dir, 'unionpush.db')
  const ballast = join(dir, 'ballast')
  const yesterday = join(dir, 'yesterday.db')

  const unmount = () => void (isOwn && execFileSync('umount', ['--lazy', dir]))
  const ended = atExit(unmount)

  function use<T>(work: (connection: Sqlite.Database) => T): T {
    const connection = new Sqlite(path, { fileMustExist: true, timeout: 3_000 })
    try {
      return work(connection)
    } finally {
      connection.close()
    }
  }

  return {
    path,
    isOwn,
    fill() {
      const block = Buffer.alloc(4_096)
      try {
        for (;;) writeFileSync(ballast, block, { flag: 'a' })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    free: () => rmSync(ballast, { force: true }),
    async lock() {
      const connection = new Sqlite(path, { fileMustExist: true, timeout: 0 })
      while (!begin(connection)) await sleep(1)
      return () => connection.close()
    },
    rows: () =>
      use((connection) =>
        connection
          .prepare<[], Row>(
            'select id, status, reason, openid, msgid, errcode, attempts, finished_at from pushes',
          )
          .all(),
      ),
    select: (sql) => use((connection) => connection.prepare<[], Record<string, unknown>>(sql).all()),
    run: (sql) => use((connection) => void connection.exec(sql)),
    check: () => use((connection) => String(connection.pragma('integrity_check', { simple: true }))),
    copy() {
      rmSync(yesterday, { force: true })
      use((connection) => connection.prepare('vacuum into ?').run(yesterday))
    },
    hasCopy: () => existsSync(yesterday),
    restore() {
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      copyFileSync(yesterday, `${path}.new`)
      chmodSync(`${path}.new`, 0o600)
      renameSync(`${path}.new`, path)
    },
    close() {
      unmount()
      ended()
    },
  }
}

function begin(connection: Sqlite.Database): boolean {
  try {
    connection.exec('begin immediate')
    return true
  } catch {
    return false
  }
}

function mount(dir: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
