import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { BroadcastRecipient, NewRecipient } from '../../broadcasts/recipients.ts'
import type { Audience } from '../../broadcasts/row.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { createBroadcastAudience, toCondition, toLeftOut } from './audience.ts'
import { broadcastRecipients } from './tables.ts'

const audienceSql = 'select audience from broadcasts where no = $1'
const reachableSql = `select count(*) as total from broadcast_recipients r
where r.broadcast = $1 and (not r.is_by_unionid or exists
  (select 1 from followers f where f.appid = $2 and f.openid = r.openid and f.subscribed))`
const firstLinesSql = `select ${selectList(broadcastRecipients, ['seq', 'openid', 'unionid', 'isByUnionid', 'columns'])}
from broadcast_recipients where broadcast = $1 order by seq limit $2`

const pageSize = 2_000
const pageSql = `select r.seq, r.openid, r.unionid, (not r.is_by_unionid or exists
  (select 1 from followers f where f.appid = $1 and f.openid = r.openid and f.subscribed)) as "isReachable"
from broadcast_recipients r where r.broadcast = $2 and r.seq > $3 order by r.seq limit $4`

type NamedLine = Pick<NewRecipient, 'seq' | 'openid' | 'unionid'>

/** Whom a draft would go to. */
export function createBroadcastPreview(
  database: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'preview' | 'unreachable' | 'leftOut'> {
  const { query } = database
  const { countFollowers, lastFollower } = createBroadcastAudience(database, appid)
  return {
    async *unreachable(no) {
      for (let after = 0; ; ) {
        const rows = await query<NamedLine & { isReachable: boolean }>(pageSql, [appid, no, after, pageSize])
        for (const { seq, openid, unionid, isReachable } of rows) {
          if (!isReachable) yield { seq, openid, unionid }
        }
        after = rows.at(-1)?.seq ?? after
        if (rows.length < pageSize) return
      }
    },
    async *leftOut(audience) {
      const until = await lastFollower()
      for (let after = 0; after < until; after += pageSize) {
        const params: unknown[] = [appid, after, after + pageSize]
        const condition = toLeftOut(audience, params)
        if (condition === undefined) return
        yield* await query<NamedLine & Record<string, unknown>>(
          `select f.id as seq, f.openid, f.unionid from followers f
where f.appid || '' = $1 and f.id > $2 and f.id <= $3 and f.subscribed${condition} order by f.id`,
          params,
        )
      }
    },
    async preview(no, size) {
      const [draft] = await query<{ audience: Audience }>(audienceSql, [no])
      const audience = draft?.audience ?? { kind: 'followers' }
      if (audience.kind === 'file') {
        const [reachable] = await query<{ total: number }>(reachableSql, [no, appid])
        const first = await query<NewRecipient & Record<string, unknown>>(firstLinesSql, [no, size])
        return { sendable: reachable?.total ?? 0, first: first.map(toRecipient) }
      }
      const params: unknown[] = [appid, size]
      const condition = toCondition(audience, params)
      const first = await query<NewRecipient & Record<string, unknown>>(
        `select f.id as seq, f.openid, f.unionid, false as "isByUnionid", null as columns from followers f
where f.appid || '' = $1 and f.subscribed${condition} order by f.id limit $2`,
        params,
      )
      return { sendable: await countFollowers(audience), first: first.map(toRecipient) }
    },
  }
}

function toRecipient(row: NewRecipient): BroadcastRecipient {
  const fresh = { generation: 0, attempts: 0, starts: 0, unknownSince: null, errcode: null }
  return { ...row, ...fresh, isFollowing: undefined }
}
