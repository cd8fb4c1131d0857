import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { BroadcastRecipient, NewRecipient } from '../../broadcasts/recipients.ts'
import type { Audience } from '../../broadcasts/row.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { createBroadcastAudience, inRange, toCondition, toLeftOut } from './audience.ts'

type NamedLine = Pick<NewRecipient, 'seq' | 'openid' | 'unionid'>

const pageSize = 2_000

/** Whom a draft would go to. */
export function createBroadcastPreview(
  database: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Broadcasts, 'preview' | 'unreachable' | 'leftOut'> {
  const client = database.read.$client
  const { countFollowers, lastFollower } = createBroadcastAudience(database, appid)
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

  const page = client.prepare<[string, number, number, number], NamedLine & { isReachable: number }>(
    `select r.seq, r.openid, r.unionid, (not r.is_by_unionid or exists
(select 1 from followers f where f.appid = ? and f.openid = r.openid and f.subscribed)) as isReachable
from broadcast_recipients r where r.broadcast = ? and r.seq > ? order by r.seq limit ?`,
  )

  return {
    async *unreachable(no) {
      for (let after = 0; ; await nextTurn()) {
        const rows = page.all(appid, no, after, pageSize)
        for (const { seq, openid, unionid, isReachable } of rows) {
          if (isReachable === 0) yield { seq, openid, unionid }
        }
        after = rows.at(-1)?.seq ?? after
        if (rows.length < pageSize) return
      }
    },
    async *leftOut(audience) {
      const condition = toLeftOut(audience)
      if (!condition) return
      const some = client.prepare<unknown[], NamedLine>(
        `select f.id as seq, f.openid, f.unionid from followers f where ${inRange} and f.subscribed${condition.sql} order by f.id`,
      )
      const until = await lastFollower()
      for (let after = 0; after < until; after += pageSize) {
        yield* some.all(after, after + pageSize, appid, ...condition.params)
        await nextTurn()
      }
    },
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
