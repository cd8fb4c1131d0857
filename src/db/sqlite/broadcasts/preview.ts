import type { Audience, BroadcastRecipient, Broadcasts, NewRecipient } from '../../broadcasts/broadcasts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { createBroadcastAudience, inRange, toCondition } from './audience.ts'

/** Whom a draft would go to. */
export function createBroadcastPreview(
  database: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Broadcasts, 'preview'> {
  const client = database.read.$client
  const { countFollowers } = createBroadcastAudience(database, appid)
  const audienceOf = client.prepare<[number], { audience: string; filled: number }>(
    'select audience, filled from broadcasts where no = ?',
  )
  const reachable = client.prepare<[number, string], { total: number }>(
    `select count(*) as total from broadcast_recipients r
where r.broadcast = ? and (not r.is_by_unionid or exists
(select 1 from followers f where f.appid = ? and f.openid = r.openid and f.subscribed))`,
  )
  const firstLines = client.prepare<[number, number], NewRecipient>(
    `select seq, openid, unionid, is_by_unionid as isByUnionid, columns from broadcast_recipients
where broadcast = ? order by seq limit ?`,
  )

  return {
    async preview(no, size) {
      const { audience: text = '{"kind":"followers"}' } = audienceOf.get(no) ?? {}
      const audience: Audience = JSON.parse(text)
      if (audience.kind === 'file') {
        return {
          sendable: reachable.get(no, appid)?.total ?? 0,
          first: firstLines.all(no, size).map(toRecipient),
        }
      }
      const { sql, params } = toCondition(audience)
      const first = client.prepare<unknown[], NewRecipient>(
        `select f.id as seq, f.openid, f.unionid, 0 as isByUnionid, null as columns from followers f
where ${inRange} and f.subscribed${sql} order by f.id limit ?`,
      )
      return {
        sendable: await countFollowers(audience),
        first: first.all(0, Number.MAX_SAFE_INTEGER, appid, ...params, size).map(toRecipient),
      }
    },
  }
}

function toRecipient(row: NewRecipient): BroadcastRecipient {
  const fresh = { generation: 0, attempts: 0, starts: 0, unknownSince: null, errcode: null }
  return { ...row, ...fresh, isByUnionid: Boolean(row.isByUnionid), isFollowing: undefined }
}
