import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { NewRecipient, RecipientOutcome } from '../../broadcasts/recipients.ts'
import { batchCalls } from '../engine/batchCalls.ts'
import { isOwnFault } from '../engine/errors.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, toRows } from '../engine/statement.ts'
import { createBroadcastTimes } from './broadcastTimes.ts'
import { broadcastKeys, broadcastRecipients, broadcastRetries } from './tables.ts'

/** Outcomes of one turn of the event loop that travel together. */
const batch = { size: 500, concurrency: 1, isOwnFault }

const knownKeysSql = 'select key from broadcast_keys where broadcast = $1 and key = any($2)'
const served = `r.status in ('sent', 'delivered')`
const lines = recordset(broadcastRecipients, '$2', { keys: ['seq', 'openid', 'unionid'] })
/** Of an audience of followers the number of the row is that of the follower. */
const servedSql = `select input.seq from ${lines}
where exists (select 1 from broadcast_keys k join broadcast_recipients r on r.broadcast = k.broadcast and r.seq = k.seq
  where k.broadcast = $1 and k.key in (input.openid, input.unionid) and ${served})
or exists (select 1 from followers f join broadcast_recipients r on r.broadcast = $1 and r.seq = f.id and r.openid = f.openid
  where f.appid = $3 and f.openid = input.openid and ${served})
or exists (select 1 from followers f join broadcast_recipients r on r.broadcast = $1 and r.seq = f.id and r.openid = f.openid
  where f.appid = $3 and f.unionid = input.unionid and ${served})`
const takenSql = 'select 1 from broadcast_keys where broadcast = $1 and key = $2 and seq <> $3'
const followersSql = `select openid, unionid, subscribed from followers where appid = $1 and unionid = any($2)
union select openid, unionid, subscribed from followers where appid = $1 and openid = any($3)`
const addKeysSql = `insert into broadcast_keys (broadcast, key, seq)
select $2, key, seq from ${recordset(broadcastKeys, '$1', { keys: ['key', 'seq'] })}`
const addSql = `insert into broadcast_recipients
  (broadcast, seq, openid, unionid, is_by_unionid, columns, attempts, generation)
select $2, seq, openid, unionid, "isByUnionid", columns, 0, 0
from ${recordset(broadcastRecipients, '$1', { keys: ['seq', 'openid', 'unionid', 'isByUnionid', 'columns'] })}`
const filledSql = 'update broadcasts set filled = filled + $2 where no = $1'
const outcomeKeys = [
  ...['broadcast', 'seq', 'openid', 'status', 'reason', 'detail', 'msgid', 'errcode', 'errmsg', 'rid'],
  ...['attempts', 'generation', 'sentAt', 'finishedAt'],
]
const recordSql = `update broadcast_recipients r set openid = coalesce(r.openid, input.openid), status = input.status,
  reason = input.reason, detail = input.detail, msgid = input.msgid, errcode = input.errcode, errmsg = input.errmsg,
  rid = input.rid, attempts = input.attempts, sent_at = input."sentAt", finished_at = input."finishedAt"
from ${recordset(broadcastRecipients, '$1', { keys: outcomeKeys })}
where r.broadcast = input.broadcast and r.seq = input.seq and r.generation = input.generation and r.status is null`
const forgetSql = `delete from broadcast_retries t using ${recordset(broadcastRetries, '$1', { keys: ['broadcast', 'seq'] })}
where t.broadcast = input.broadcast and t.seq = input.seq`

interface Known {
  openid: string
  unionid: string | null
  subscribed: boolean
}

/** Those whom a broadcast goes to, and what became of them. */
export function createBroadcastRecipients(
  { query, write, writeSoon, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'addRecipients' | 'findServed' | 'isTaken' | 'record'> {
  const times = createBroadcastTimes(clock)
  const record = batchCalls(recordAll, {
    ...batch,
    toKey: ({ broadcast, seq }: RecipientOutcome & { broadcast: number }) => `${broadcast} ${seq}`,
  })
  return {
    async addRecipients(no, given) {
      const recipients = await complete(given)
      const names = (recipient: NewRecipient) =>
        [recipient.openid, recipient.unionid].filter((name) => name !== null)
      const known = await query<{ key: string }>(knownKeysSql, [no, recipients.flatMap(names)])
      const seen = new Set(known.map(({ key }) => key))
      const duplicates: number[] = []
      const keys: { key: string; seq: number }[] = []
      const rows: NewRecipient[] = []
      for (const recipient of recipients) {
        if (names(recipient).some((name) => seen.has(name))) {
          duplicates.push(recipient.seq)
          continue
        }
        for (const key of new Set(names(recipient))) {
          seen.add(key)
          keys.push({ key, seq: recipient.seq })
        }
        rows.push(recipient)
      }
      await write([
        forRows(addKeysSql, keys, no),
        forRows(addSql, rows, no),
        { sql: filledSql, params: [no, rows.length] },
      ])
      return duplicates
    },
    async findServed(no, given) {
      const rows = await complete(given)
      const found = await query<{ seq: number }>(servedSql, [no, toRows(rows), appid])
      return new Set(found.map(({ seq }) => seq))
    },
    async isTaken(no, openid, seq) {
      return (await query(takenSql, [no, openid, seq])).length > 0
    },
    async record(no, outcomes) {
      await Promise.all(outcomes.map((outcome) => record.call({ ...outcome, broadcast: no })))
    },
  }

  async function recordAll(outcomes: (RecipientOutcome & { broadcast: number })[]): Promise<undefined[]> {
    const retried = outcomes.filter(({ wasRetried }) => wasRetried)
    await writeSoon([forRows(recordSql, outcomes.map(times.toStored)), forRows(forgetSql, retried)])
    return outcomes.map(() => undefined)
  }

  /** A person may be named by unionid in one line and by openid in another. */
  async function complete(given: readonly NewRecipient[]): Promise<NewRecipient[]> {
    const unionids = given.flatMap(({ openid, unionid }) => (openid === null && unionid ? [unionid] : []))
    const openids = given.flatMap(({ openid, unionid }) => (unionid === null && openid ? [openid] : []))
    const followers = await query<Known & Record<string, unknown>>(followersSql, [appid, unionids, openids])
    const byOpenid = new Map(followers.map((follower) => [follower.openid, follower]))
    const byUnionid = new Map<string, Known>()
    for (const follower of followers) {
      const other = follower.unionid === null ? undefined : byUnionid.get(follower.unionid)
      if (follower.unionid !== null && !other?.subscribed) byUnionid.set(follower.unionid, follower)
    }
    return given.map((recipient) => {
      const { openid, unionid } = recipient
      return {
        ...recipient,
        openid: openid ?? (unionid === null ? null : (byUnionid.get(unionid)?.openid ?? null)),
        unionid: unionid ?? (openid === null ? null : (byOpenid.get(openid)?.unionid ?? null)),
      }
    })
  }
}
