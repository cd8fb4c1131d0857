import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryResult } from 'pg'
import { isPostgresCollision } from '../../../base/isPostgresCollision.ts'
import type { Connections, PostgresSession } from './connections.ts'
import type { Statement, StatementResult } from './statement.ts'

const begin: Statement = { sql: 'begin', params: [] }
const commit: Statement = { sql: 'commit', params: [] }
const collisionsLimit = 5

/**
 * Executes all groups in one commit and one round trip, and resolves with their results; when it rejects nothing of them
 * was written, or the connection was lost and nobody knows. Transactions that collide with others are repeated.
 */
export async function writeGroups(
  connections: Pick<Connections, 'use'>,
  groups: readonly Statement[][],
): Promise<StatementResult[][]> {
  const statements = groups.flat().filter(({ isEmpty }) => !isEmpty)
  for (let collisions = 0; ; collisions++) {
    try {
      const results =
        statements.length === 0 ? [] : await connections.use((session) => send(session, statements))
      const left = results.values()
      return groups.map((group) =>
        group.map(({ isEmpty }) => toResult(isEmpty ? undefined : left.next().value)),
      )
    } catch (error) {
      if (!isPostgresCollision(error) || collisions >= collisionsLimit) throw error
      await sleep(Math.random() * 20)
    }
  }
}

/** A statement alone is a transaction of its own. */
async function send(session: PostgresSession, statements: readonly Statement[]): Promise<QueryResult[]> {
  const sent = statements.length === 1 ? statements : [begin, ...statements, commit]
  const answers = await Promise.allSettled(sent.map((statement) => session.query(statement)))
  // After the first that fails all others do, because of it.
  const results = answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  })
  return statements.length === 1 ? results : results.slice(1, -1)
}

function toResult(result: QueryResult | undefined): StatementResult {
  return { changes: result?.rowCount ?? 0, rows: result?.rows ?? [] }
}
