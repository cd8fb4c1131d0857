import type { NewRecipient } from '../../broadcasts/recipients.ts'
import type { SqliteDatabase } from '../engine/open.ts'

/** Finds both names of a line: a person may be named by unionid in one line and by openid in another. */
export function createKnownNames(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): (recipient: NewRecipient) => NewRecipient {
  const client = read.$client
  const openidsOf = client.prepare<[string, string], { openid: string; subscribed: number }>(
    'select openid, subscribed from followers where appid = ? and unionid = ? limit 100',
  )
  const unionidOf = client.prepare<[string, string], { unionid: string | null }>(
    'select unionid from followers where appid = ? and openid = ?',
  )

  return (recipient) => {
    const { openid, unionid } = recipient
    return {
      ...recipient,
      openid: openid ?? (unionid === null ? null : findOpenid(unionid)),
      unionid: unionid ?? (openid === null ? null : (unionidOf.get(appid, openid)?.unionid ?? null)),
    }
  }

  function findOpenid(unionid: string): string | null {
    const known = openidsOf.all(appid, unionid)
    return (known.find(({ subscribed }) => subscribed === 1) ?? known[0])?.openid ?? null
  }
}
