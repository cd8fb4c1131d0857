import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { joinRetries, recipientColumns, type StoredRecipient, toRecipientRow } from './records.ts'

type Found = StoredRecipient & { broadcast: string }

/** One may be found by each name. Of an audience of followers the number of the row is that of the follower; those of files have their names. */
const userSql = `with known as materialized (
  select id, openid, unionid from followers where appid = :appid and openid = :key
  union all select id, openid, unionid from followers where appid = :appid and unionid = :key
), names as materialized (
  select :key as name union all select openid from known union all select unionid from known where unionid is not null
), places as (
  select b.no, b.id, known.id as seq from broadcasts b cross join known
  where b.appid = :appid and b.status <> 'draft' and json_extract(b.audience, '$.kind') = 'followers'
  union all select b.no, b.id, k.seq from broadcasts b cross join names
  join broadcast_keys k on k.broadcast = b.no and k.key = names.name
  where b.appid = :appid and b.status <> 'draft'
)
select places.id as broadcast, ${recipientColumns} from places
join broadcast_recipients r on r.broadcast = places.no and r.seq = places.seq ${joinRetries}
where r.openid in (select name from names) or r.unionid in (select name from names)`
/** The second condition is that of the index of broadcasts that are not over. */
const perSecondSql = `select coalesce(sum(per_second), 0) as total from broadcasts
where appid = ? and status = 'running' and status in ('scheduled', 'running', 'paused')`
const msgidSql = `select b.id as broadcast, ${recipientColumns} from broadcast_recipients r
join broadcasts b on b.no = r.broadcast ${joinRetries} where r.msgid = ? and b.appid || '' = ?`

function distinct<Row extends { broadcast: string; seq: number }>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [`${row.broadcast} ${row.seq}`, row])).values()]
}

/** Looks through all broadcasts of the account. */
export function createBroadcastSearch(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<Broadcasts, 'findUser' | 'findByMsgid' | 'perSecond'> {
  const client = read.$client
  const ofUser = client.prepare<{ appid: string; key: string }, Found>(userSql)
  const ofMsgid = client.prepare<[string, string], Found>(msgidSql)
  const perSecond = client.prepare<[string], { total: number }>(perSecondSql)

  return {
    async perSecond() {
      return perSecond.get(appid)?.total ?? 0
    },
    async findUser(key) {
      return distinct(ofUser.all({ appid, key })).map(toRecipientRow)
    },
    async findByMsgid(msgid) {
      return ofMsgid.all(msgid, appid).map(toRecipientRow)
    },
  }
}
