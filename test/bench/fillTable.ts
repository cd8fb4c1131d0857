import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { longLog } from '../../src/db/sqlite/engine/transaction.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { benchAppid, openidAt, toUnionid } from './followerData.ts'

/**
 * Writes followers by bare better-sqlite3, with the pragmas, columns and indexes of unionpush, in transactions of 5,000.
 * Returns the milliseconds it took, which is the ceiling for a sync.
 */
export async function fillTable(path: string, followers: number): Promise<number> {
  const database = await openSqlite({ path, log: pino({ level: 'silent' }) })
  await database.close()
  const connection = new Sqlite(path)
  connection.pragma('synchronous = FULL')
  connection.pragma('foreign_keys = ON')
  connection.pragma('cache_size = -16384')
  connection.pragma(`wal_autocheckpoint = ${longLog}`)
  const upsert = connection.prepare(`
    INSERT INTO followers (appid, openid, unionid, subscribed, subscribe_time, scene, tag_ids, remark, seen_run, info_at)
    VALUES (?, ?, ?, 1, 1700000000000, 'ADD_SCENE_SEARCH', '[]', '', 1, 1700000000000)
    ON CONFLICT (appid, openid) DO UPDATE SET unionid = excluded.unionid, info_at = excluded.info_at`)
  const started = performance.now()
  for (let start = 0; start < followers; start += 5_000) {
    connection.transaction(() => {
      for (let n = start; n < Math.min(followers, start + 5_000); n++) {
        const openid = openidAt(n)
        upsert.run(benchAppid, openid, toUnionid(openid))
      }
    })()
  }
  const ms = performance.now() - started
  connection.close()
  return ms
}
