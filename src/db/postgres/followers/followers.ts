import type { FollowerRow, Followers, Recipient } from '../../followers.ts'
import { batchCalls } from '../engine/batchCalls.ts'
import { isOwnFault } from '../engine/errors.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { createFollowerListing } from './listing.ts'
import { createSharedUnionids } from './sharedUnionids.ts'
import { followers } from './tables.ts'
import { createFollowerWrites } from './writes.ts'

const columns = selectList(followers)
const recipientsSql = `select unionid, openid, subscribed, subscribe_time as "subscribeTime" from followers
where appid = $1 and unionid = any($2)`
const byOpenidSql = `select ${columns} from followers where appid = $1 and openid = any($2)`
const formerSql = `select ${columns} from followers where appid = $1 and subscribed and unionid is null and openid = (
  select openid from pushes where unionid = $2 and appid = $1 and openid is not null order by created_at desc limit 1)`
const everSyncedSql = `select from sync_runs where appid = $1 and status = 'complete' limit 1`
const countsSql = `select subscribed, with_unionid as "withUnionid", unsubscribed from follower_counts where appid = $1`

/** Lookups of one turn of the event loop are one round trip. */
const batch = { size: 1_000, concurrency: 2, isOwnFault }

/** The followers of one service account. */
export function createFollowers(
  database: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Followers {
  const { query, write, clock } = database
  const writes = createFollowerWrites(clock, appid)
  const recipient = batchCalls(findRecipients, batch)
  const byOpenid = batchCalls(findAllByOpenid, batch)
  return {
    ...createFollowerListing(database, appid),
    ...writes,
    ...createSharedUnionids(database, appid),
    findRecipient: recipient.call,
    async findByUnionid(unionid) {
      const found = await recipient.call(unionid)
      return found && byOpenid.call(found.openid)
    },
    async findFormer(unionid) {
      const [row] = await query<FollowerRow>(formerSql, [appid, unionid])
      return row
    },
    findByOpenid: byOpenid.call,
    async findByOpenids(openids) {
      return (await findAllByOpenid([...openids])).filter((row) => row !== undefined)
    },
    async upsert(infos, { at }) {
      await write(writes.toUpsert(infos, { at }))
    },
    async markUnsubscribed(openids, at) {
      const [result] = await write([writes.toUnsubscribe(openids, at)])
      return result?.changes ?? 0
    },
    async hasEverSynced() {
      return (await query(everSyncedSql, [appid])).length > 0
    },
    async counts() {
      const none = { subscribed: 0, withUnionid: 0, unsubscribed: 0 }
      const [row] = await query<typeof none>(countsSql, [appid])
      return row ?? none
    },
  }

  async function findRecipients(unionids: string[]): Promise<(Recipient | undefined)[]> {
    const rows = await query<Recipient & { unionid: string }>(recipientsSql, [appid, [...new Set(unionids)]])
    const found = new Map<string, Recipient[]>()
    for (const { unionid, ...recipient } of rows) {
      const others = found.get(unionid)
      if (others) others.push(recipient)
      else found.set(unionid, [recipient])
    }
    return unionids.map((unionid) => toMostUseful(found.get(unionid) ?? []))
  }

  async function findAllByOpenid(openids: string[]): Promise<(FollowerRow | undefined)[]> {
    const rows = await query<FollowerRow>(byOpenidSql, [appid, openids])
    const found = new Map(rows.map((row) => [row.openid, { ...row, infoAt: clock.fromServer(row.infoAt) }]))
    return openids.map((openid) => found.get(openid))
  }
}

function toMostUseful(found: Recipient[]): Recipient | undefined {
  const [best, next] = found.sort(byUsefulness)
  return best && next?.subscribed ? { ...best, isShared: true } : best
}

function byUsefulness(a: Recipient, b: Recipient): number {
  return Number(b.subscribed) - Number(a.subscribed) || (b.subscribeTime ?? 0) - (a.subscribeTime ?? 0)
}
