import { eq, sql } from 'drizzle-orm'
import { minute } from '../../../base/duration.ts'
import type { TokenRow, TokenRows } from '../../tokens.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { accessTokens } from './tables.ts'

/** The access_token that all processes on this database share. */
export function createTokenStore(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  now = Date.now,
): TokenRows {
  const load = prepareLater(
    read
      .select()
      .from(accessTokens)
      .where(eq(accessTokens.appid, sql.placeholder('appid'))),
  )
  const save = compileWrite<TokenRow>(
    read
      .insert(accessTokens)
      .values(placedAs('appid', 'token', 'obtainedAt', 'expiresAt'))
      .onConflictDoUpdate({
        target: accessTokens.appid,
        set: asInserted(accessTokens, 'token', 'obtainedAt', 'expiresAt'),
        // Unless the stored one is of the future, because the clock was wrong then.
        setWhere: sql`excluded.obtained_at >= ${accessTokens.obtainedAt}
          or ${accessTokens.obtainedAt} > excluded.obtained_at + ${sql.raw(String(minute))}`,
      }),
  )
  return {
    async load(appid) {
      const row = load.get({ appid })
      return row && row.obtainedAt <= now() + minute ? row : undefined
    },
    async save(appid, token) {
      await write([save.once({ appid, ...token })])
    },
  }
}
