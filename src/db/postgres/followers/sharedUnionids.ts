import type { FollowerFacts, Followers } from '../../followers.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'
import { createFollowerWrites } from './writes.ts'

/** Rows per look. */
const chunk = 5_000
/** How many of those who share one unionid are looked at; two are too many already. */
const mostSharing = 100

const endSql = `select unionid from followers where appid = $1 and unionid > $2 order by unionid limit 1 offset ${chunk}`
/** Those who left keep theirs for a while. */
const repeatedSql = (isBefore: string) => `select unionid from followers
where appid = $1 and unionid > $2 ${isBefore} group by unionid having count(*) > 1 and count(*) filter (where subscribed) > 1`
const sharingSql = `select openid from followers where appid = $1 and unionid = $2 and subscribed limit ${mostSharing}`
const forgetUnionidSql = 'update followers set unionid = null where appid = $1 and openid = any($2)'

/** Followers of one account who carry the same unionid: no two can, so at most one of them is right. */
export function createSharedUnionids(
  { query, write, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Pick<Followers, 'findSharing' | 'sharedUnionids' | 'settle'> {
  const writes = createFollowerWrites(clock, appid)
  return {
    async findSharing(unionid) {
      const rows = await query<{ openid: string }>(sharingSql, [appid, unionid])
      return rows.map(({ openid }) => openid)
    },
    async *sharedUnionids() {
      for (let after = ''; ; ) {
        const [end] = await query<{ unionid: string }>(endSql, [appid, after])
        const params = [appid, after, ...(end ? [end.unionid] : [])]
        const repeated = await query<{ unionid: string }>(repeatedSql(end ? 'and unionid <= $3' : ''), params)
        for (const { unionid } of repeated) yield unionid
        if (!end) return
        after = end.unionid
      }
    },
    async settle(
      facts: readonly FollowerFacts[],
      { at, nameless }: { at: number; nameless: readonly string[] },
    ) {
      const forget: Statement = {
        sql: forgetUnionidSql,
        params: [appid, nameless],
        isEmpty: nameless.length === 0,
      }
      await write([forget, ...writes.toUpsert(facts, { at })])
    },
  }
}
