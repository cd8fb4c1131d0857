import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { FoundRecipient } from '../../broadcasts/recipients.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { createBroadcastTimes } from './broadcastTimes.ts'
import { joinRetries, recipientColumns } from './records.ts'

/** Of an audience of followers the number of the row is that of the follower; those of files have their names. */
const userSql = `with f as materialized (
  select id, openid, unionid from followers where appid = $1 and openid = $2
  union select id, openid, unionid from followers where appid = $1 and unionid = $2
), names as materialized (
  select $2::text as name union select openid from f union select unionid from f where unionid is not null
), places as materialized (
  select b.no, b.id, f.id as seq from broadcasts b cross join f
  where b.appid = $1 and b.status <> 'draft' and b.audience->>'kind' = 'followers'
  union select b.no, b.id, k.seq from broadcasts b cross join names cross join lateral (
    select seq from broadcast_keys where broadcast = b.no and key = names.name limit 1) k
  where b.appid = $1 and b.status <> 'draft'
)
select places.id as broadcast, ${recipientColumns} from places
cross join lateral (select * from broadcast_recipients where broadcast = places.no and seq = places.seq limit 1) r ${joinRetries}
where r.openid in (select name from names) or r.unionid in (select name from names)`
/** The second condition is that of the index of broadcasts that are not over. */
const perSecondSql = `select coalesce(sum(per_second), 0)::float8 as total from broadcasts
where appid = $1 and status = 'running' and status in ('scheduled', 'running', 'paused')`
const msgidSql = `select b.id as broadcast, ${recipientColumns} from broadcast_recipients r
join broadcasts b on b.no = r.broadcast ${joinRetries} where r.msgid = $1 and b.appid = $2`

/** Looks through all broadcasts of the account. */
export function createBroadcastSearch(
  { query, clock }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'findUser' | 'findByMsgid' | 'perSecond'> {
  const times = createBroadcastTimes(clock)
  const select = async (sql: string, params: unknown[]) =>
    (await query<FoundRecipient & Record<string, unknown>>(sql, params)).map(times.fromStored)
  return {
    async perSecond() {
      const [row] = await query<{ total: number }>(perSecondSql, [appid])
      return row?.total ?? 0
    },
    findUser: (key) => select(userSql, [appid, key]),
    findByMsgid: (msgid) => select(msgidSql, [msgid, appid]),
  }
}
