import type { Statement } from './statement.ts'

/** Rows written by this process until it has a table looked at for the first time. */
const first = 1_000

/**
 * Has PostgreSQL look at what is in a table each time a process has written twice as much to it. By itself it does so a
 * minute later, and takes a table that has just begun to fill for one where all rows of an account are quickly read:
 * every few rows that are written would cost as much as all that are there (bench: sync.postgres).
 */
export function createAnalysis(table: string): (rows: number) => Statement[] {
  let written = 0
  let next = first
  return (rows) => {
    written += rows
    if (written < next) return []
    next = 2 * written
    // Who looks at it just now does the same.
    return [{ sql: `analyze (skip_locked) ${table}`, params: [] }]
  }
}
