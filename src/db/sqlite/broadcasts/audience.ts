import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { Audience, BroadcastRow } from '../../broadcasts/row.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'

/** Followers looked at in one go while they are counted: the event loop is free between two of them. */
const countedAtOnce = 20_000

/** Followers as the audience of a broadcast, in the order of their row numbers. */
export function createBroadcastAudience(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Broadcasts, 'countFollowers' | 'lastFollower' | 'fill' | 'findSeq'> {
  const client = read.$client
  const last = client.prepare<[], { id: number | null }>('select max(id) as id from followers')
  const everybody = client.prepare<[string], { subscribed: number }>(
    'select subscribed from follower_counts where appid = ?',
  )
  const position = client.prepare<[number, number], { seq: number }>(
    'select seq from broadcast_recipients where broadcast = ? order by seq limit 1 offset ?',
  )

  return {
    async countFollowers(audience) {
      const { sql, params } = toCondition(audience)
      if (sql === '') return everybody.get(appid)?.subscribed ?? 0
      const some = client.prepare<unknown[], { total: number }>(
        `select count(*) as total from followers f where ${inRange} and f.subscribed${sql}`,
      )
      const until = last.get()?.id ?? 0
      let total = 0
      for (let after = 0; after < until; after += countedAtOnce) {
        total += some.get(after, after + countedAtOnce, appid, ...params)?.total ?? 0
        await nextTurn()
      }
      return total
    },
    async lastFollower() {
      return last.get()?.id ?? 0
    },
    async fill(row, rows) {
      const until = Math.min(row.fillCursor + rows, row.fillUntil)
      const [, moved] = await write(toFill(row, until))
      // Another process may have done it.
      if (moved?.changes !== 1) return true
      Object.assign(row, { fillCursor: until })
      return until < row.fillUntil
    },
    async findSeq(no, wanted) {
      return position.get(no, wanted - 1)?.seq
    },
  }

  /** Both or neither: the cursor tells that they are written. */
  function toFill(row: BroadcastRow, until: number): Statement[] {
    const { sql, params } = toCondition(row.audience)
    const startedAt = row.startedAt ?? 0
    const isAtCursor = [row.no, row.fillCursor]
    return [
      {
        sql: `insert into broadcast_recipients (broadcast, seq, openid, unionid, is_by_unionid, attempts, generation)
select ?, f.id, f.openid, f.unionid, 0, 0, 0 from followers f
where ${inRange}
and (case when f.subscribed then coalesce(f.subscribe_time, 0) <= ? else f.unsubscribed_at >= ? end)${sql}
and exists (select 1 from broadcasts where no = ? and fill_cursor = ?)
order by f.id`,
        params: [row.no, row.fillCursor, until, appid, startedAt, startedAt, ...params, ...isAtCursor],
      },
      {
        // changes() are the rows of the insert.
        sql: `update broadcasts set filled = filled + changes(), fill_cursor = ?, is_filled = ?,
selected = iif(?, filled + changes(), selected) where no = ? and fill_cursor = ?`,
        params: [until, Number(until >= row.fillUntil), Number(until >= row.fillUntil), ...isAtCursor],
      },
    ]
  }
}

/** The appid in an expression keeps its indexes, which hold the whole account, out of it. */
export const inRange = `f.id > ? and f.id <= ? and f.appid || '' = ?`

export function toCondition(audience: Audience): { sql: string; params: unknown[] } {
  if (audience.kind !== 'followers') return { sql: '', params: [] }
  const { tag, scene, since, except } = audience
  const conditions: [sql: string, ...params: unknown[]][] = []
  if (tag !== undefined) conditions.push(['exists (select 1 from json_each(f.tag_ids) where value = ?)', tag])
  if (scene !== undefined) conditions.push(['f.scene = ?', scene])
  if (since !== undefined) conditions.push(['f.subscribe_time >= ?', since])
  if (except !== undefined) conditions.push([`not ${hasGot('f.id')}`, except, except])
  return {
    sql: conditions.map(([sql]) => ` and ${sql}`).join(''),
    params: conditions.flatMap(([, ...params]) => params),
  }
}

/** Of those whom an audience leaves out for another broadcast; undefined when it leaves out nobody. */
export function toLeftOut(audience: Audience): ReturnType<typeof toCondition> | undefined {
  if (audience.kind !== 'followers' || audience.except === undefined) return undefined
  const { except, ...others } = audience
  const { sql, params } = toCondition(others)
  return { sql: `${sql} and ${hasGot('f.id')}`, params: [...params, except, except] }
}

/** Whether a follower got the broadcast whose number is given twice: as one of its followers, or by a line of its file. */
function hasGot(id: string): string {
  const got = `r.status in ('sent', 'delivered')`
  return `(exists (select 1 from broadcast_recipients r where r.broadcast = ? and r.seq = ${id} and r.openid = f.openid and ${got})
or exists (select 1 from broadcast_keys k join broadcast_recipients r on r.broadcast = k.broadcast and r.seq = k.seq
where k.broadcast = ? and k.key in (f.openid, f.unionid) and ${got}))`
}
