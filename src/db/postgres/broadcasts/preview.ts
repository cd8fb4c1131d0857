import type { Audience, BroadcastRecipient, Broadcasts, NewRecipient } from '../../broadcasts/broadcasts.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { createBroadcastAudience, toCondition } from './audience.ts'
import { broadcastRecipients } from './tables.ts'

const audienceSql = 'select audience from broadcasts where no = $1'
const reachableSql = `select count(*) as total from broadcast_recipients r
where r.broadcast = $1 and (not r.is_by_unionid or exists
  (select 1 from followers f where f.appid = $2 and f.openid = r.openid and f.subscribed))`
const firstLinesSql = `select ${selectList(broadcastRecipients, ['seq', 'openid', 'unionid', 'isByUnionid', 'columns'])}
from broadcast_recipients where broadcast = $1 order by seq limit $2`

/** Whom a draft would go to. */
export function createBroadcastPreview(
  database: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'preview'> {
  const { query } = database
  const { countFollowers } = createBroadcastAudience(database, appid)
  return {
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
