import { sql } from 'drizzle-orm'
import type { SqliteDatabase } from '../../src/db/sqlite/engine/open.ts'
import { compileWrite } from '../../src/db/sqlite/engine/statement.ts'
import { pushes } from '../../src/db/sqlite/pushes/tables.ts'

interface SentPush {
  /** Its msgid too. */
  id: string
  openid: string
  unionid?: string
}

/** Pushes that wait for their receipts, as many as needed in one transaction. */
export async function addSentPushes(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
  sent: readonly SentPush[],
): Promise<void> {
  const insert = compileWrite<SentPush>(
    read.insert(pushes).values({
      id: sql.placeholder('id'),
      appid,
      unionid: sql.placeholder('unionid'),
      openid: sql.placeholder('openid'),
      templateId: 't',
      status: 'sent',
      msgid: sql.placeholder('id'),
      attempts: 1,
      generation: 0,
      message: '{}',
      createdAt: 0,
      sentAt: 0,
    }),
  )
  await write([insert.each(sent)])
}
