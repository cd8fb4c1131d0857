import type { SqliteDatabase } from './open.ts'
import type { Group } from './statement.ts'

type Writing = SqliteDatabase['write']

/** Writes the group; resolves with how many rows its first statement changed. */
export async function countChanged(write: Writing, group: Group): Promise<number> {
  const [result] = await write(group)
  return result?.changes ?? 0
}

/** Writes the group; whether its first statement found its row, and changed it. Twice per send, so no more promises than needed. */
export function isChanged(write: Writing, group: Group): Promise<boolean> {
  return write(group).then(([result]) => result?.changes === 1)
}
