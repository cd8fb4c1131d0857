import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { Audience, BroadcastRow } from '../../broadcasts/row.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'

const everybodySql = 'select subscribed from follower_counts where appid = $1'
const lastSql = 'select coalesce(max(id), 0) as id from followers'
const positionSql = 'select seq from broadcast_recipients where broadcast = $1 order by seq limit 1 offset $2'

/** Followers as the audience of a broadcast, in the order of their row numbers. */
export function createBroadcastAudience(
  { query, write, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'countFollowers' | 'lastFollower' | 'fill' | 'findSeq'> {
  return {
    async countFollowers(audience) {
      const params: unknown[] = [appid]
      const condition = toCondition(audience, params)
      if (condition === '') {
        const [counts] = await query<{ subscribed: number }>(everybodySql, [appid])
        return counts?.subscribed ?? 0
      }
      const sql = `select count(*) as total from followers f where f.appid = $1 and f.subscribed${condition}`
      const [found] = await query<{ total: number }>(sql, params)
      return found?.total ?? 0
    },
    async lastFollower() {
      const [last] = await query<{ id: number }>(lastSql)
      return last?.id ?? 0
    },
    async fill(row, rows) {
      const until = Math.min(row.fillCursor + rows, row.fillUntil)
      const [moved] = await write([toFill(row, until)])
      // Another process may have done it.
      if (moved?.changes !== 1) return true
      Object.assign(row, { fillCursor: until })
      return until < row.fillUntil
    },
    async findSeq(no, wanted) {
      const [found] = await query<{ seq: number }>(positionSql, [no, wanted - 1])
      return found?.seq
    },
  }

  /** Who has the row of the broadcast writes; the cursor tells that they are written. */
  function toFill(row: BroadcastRow, until: number): Statement {
    const startedAt = clock.toServer(row.startedAt ?? 0)
    const isLast = until >= row.fillUntil
    const params: unknown[] = [row.no, row.fillCursor, until, appid, startedAt, isLast]
    const condition = toCondition(row.audience, params)
    const sql = `with own as (
  select no from broadcasts where no = $1 and fill_cursor = $2 for update
), written as (
  insert into broadcast_recipients (broadcast, seq, openid, unionid, is_by_unionid, attempts, generation)
  select own.no, f.id, f.openid, f.unionid, false, 0, 0 from own, followers f
  where f.id > $2 and f.id <= $3 and f.appid || '' = $4
    and case when f.subscribed then coalesce(f.subscribe_time, 0) <= $5 else f.unsubscribed_at >= $5 end${condition}
  returning 1
), added as (select count(*) as total from written)
update broadcasts set filled = filled + added.total, fill_cursor = $3, is_filled = $6,
  selected = case when $6 then filled + added.total else selected end
from own, added where broadcasts.no = own.no`
    return { sql, params }
  }
}

/** Adds what it needs to the parameters. */
export function toCondition(audience: Audience, params: unknown[]): string {
  if (audience.kind !== 'followers') return ''
  const place = (value: unknown) => `$${params.push(value)}`
  const { tag, scene, since, except } = audience
  const conditions: string[] = []
  if (tag !== undefined) conditions.push(`f.tag_ids @> jsonb_build_array(${place(tag)}::bigint)`)
  if (scene !== undefined) conditions.push(`f.scene = ${place(scene)}`)
  if (since !== undefined) conditions.push(`f.subscribe_time >= ${place(since)}`)
  if (except !== undefined) conditions.push(`not ${hasGot(`${place(except)}::bigint`)}`)
  return conditions.map((condition) => ` and ${condition}`).join('')
}

/** Of those whom an audience leaves out for another broadcast; undefined when it leaves out nobody. */
export function toLeftOut(audience: Audience, params: unknown[]): string | undefined {
  if (audience.kind !== 'followers' || audience.except === undefined) return undefined
  const { except, ...others } = audience
  return `${toCondition(others, params)} and ${hasGot(`$${params.push(except)}::bigint`)}`
}

/** Whether a follower got that broadcast: as one of its followers, or by a line of its file. */
function hasGot(broadcast: string): string {
  const got = `r.status in ('sent', 'delivered')`
  return `(exists (select 1 from broadcast_recipients r
  where r.broadcast = ${broadcast} and r.seq = f.id and r.openid = f.openid and ${got})
or exists (select 1 from broadcast_keys k join broadcast_recipients r on r.broadcast = k.broadcast and r.seq = k.seq
  where k.broadcast = ${broadcast} and k.key in (f.openid, f.unionid) and ${got}))`
}
