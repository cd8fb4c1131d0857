import { chmodSync, copyFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { openSmallDisk } from '../helpers/smallDisk.ts'
import { type Row, type RunDatabase, rowsQuery } from './database.ts'

/** A file in a directory of its own. */
export function createSqliteFile(dir: string): RunDatabase {
  const disk = openSmallDisk(dir, 'size=48m')
  const path = join(dir, 'unionpush.db')
  const yesterday = join(dir, 'yesterday.db')

  async function use<T>(work: (connection: Sqlite.Database) => T): Promise<T> {
    const connection = new Sqlite(path, { fileMustExist: true, timeout: 3_000 })
    try {
      return work(connection)
    } finally {
      connection.close()
    }
  }

  const select = <T>(sql: string) => use((connection) => connection.prepare<[], T>(sql).all())
  return {
    url: `file:${path}`,
    isOwn: disk.isOwn,
    fill: disk.fill,
    free: async () => disk.free(),
    async lock() {
      const connection = new Sqlite(path, { fileMustExist: true, timeout: 0 })
      while (!begin(connection)) await sleep(1)
      return async () => void connection.close()
    },
    rows: () => select<Row>(rowsQuery),
    select: (sql) => select<Record<string, unknown>>(sql),
    run: (sql) => use((connection) => void connection.exec(sql)),
    async tables() {
      const found = await select<{ name: string }>("select name from sqlite_master where type = 'table'")
      return found.map(({ name }) => name)
    },
    check: () => use((connection) => String(connection.pragma('integrity_check', { simple: true }))),
    async copy() {
      rmSync(yesterday, { force: true })
      await use((connection) => connection.prepare('vacuum into ?').run(yesterday))
    },
    async restore() {
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      copyFileSync(yesterday, `${path}.new`)
      chmodSync(`${path}.new`, 0o600)
      renameSync(`${path}.new`, path)
    },
    openDoors() {
      const files = readdirSync(dir).filter((name) => name.startsWith('unionpush.db'))
      return [dir, ...files.map((name) => join(dir, name))].filter((file) => statSync(file).mode & 0o077)
    },
    close: async () => disk.close(),
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
