import { type SQL, sql } from 'drizzle-orm'
import { pushes } from './tables.ts'

/** For conditions that find few rows by another index: the plus keeps SQLite from going through all of the account. */
export function isOfAccount(appid: string): SQL {
  return sql`+${pushes.appid} = ${appid}`
}

/** Pushes under way, as in their index. */
export const isUnderWay = sql`${pushes.finishedAt} is null and ${pushes.reason} is not 'hold'`
