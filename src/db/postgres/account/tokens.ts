import { minute } from '../../../base/duration.ts'
import type { TokenRow, TokenRows } from '../../tokens.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { accessTokens } from './tables.ts'

const loadSql = `select ${selectList(accessTokens)} from access_tokens where appid = $1`
/** Unless the stored one is of the future, because the clock was wrong then. */
const saveSql = `insert into access_tokens (appid, token, obtained_at, expires_at) values ($1, $2, $3, $4)
on conflict (appid) do update
set token = excluded.token, obtained_at = excluded.obtained_at, expires_at = excluded.expires_at
where excluded.obtained_at >= access_tokens.obtained_at
  or access_tokens.obtained_at > excluded.obtained_at + ${minute}`

/** The access_token that all processes on this database share; its life is told by the clock of the server. */
export function createTokenStore(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  now: () => number,
): TokenRows {
  return {
    async load(appid) {
      const [row] = await query<TokenRow>(loadSql, [appid])
      if (!row) return undefined
      const token = { ...row, obtainedAt: fromServer(row.obtainedAt), expiresAt: fromServer(row.expiresAt) }
      return token.obtainedAt <= now() + minute ? token : undefined
    },
    async save(appid, { token, obtainedAt, expiresAt }) {
      const params = [appid, token, toServer(obtainedAt), toServer(expiresAt)]
      await write([{ sql: saveSql, params }])
    },
  }
}
