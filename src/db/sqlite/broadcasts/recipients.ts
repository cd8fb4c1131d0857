import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { NewRecipient, RecipientOutcome } from '../../broadcasts/recipients.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { createKnownNames } from './knownNames.ts'

const recordSql = `update broadcast_recipients set openid = coalesce(openid, ?), status = ?, reason = ?, detail = ?, msgid = ?,
errcode = ?, errmsg = ?, rid = ?, attempts = ?, sent_at = ?, finished_at = ?
where broadcast = ? and seq = ? and generation = ? and status is null`
const forgetSql = 'delete from broadcast_retries where broadcast = ? and seq = ?'

/** Those whom a broadcast goes to, and what became of them. */
export function createBroadcastRecipients(
  { read, write, writeSoon }: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): Pick<Broadcasts, 'addRecipients' | 'findServed' | 'isTaken' | 'record'> {
  const client = read.$client
  const hasKey = client.prepare<[number, string], unknown>(
    'select 1 from broadcast_keys where broadcast = ? and key = ?',
  )
  const holderOf = client.prepare<[number, string], { seq: number }>(
    'select seq from broadcast_keys where broadcast = ? and key = ?',
  )
  // Of an audience of followers the number of the row is that of the follower.
  const served = client.prepare<unknown[], unknown>(
    `select 1 from (select seq from broadcast_keys where broadcast = ? and key in (?, ?)
union all select id from followers where appid = ? and openid = ?
union all select id from followers where appid = ? and unionid = ?) known
join broadcast_recipients r on r.broadcast = ? and r.seq = known.seq
where (r.openid = ? or r.unionid = ?) and r.status in ('sent', 'delivered') limit 1`,
  )
  const complete = createKnownNames({ read }, appid)
  return {
    async addRecipients(no, given) {
      const duplicates: number[] = []
      const keys: unknown[][] = []
      const rows: unknown[][] = []
      const seen = new Set<string>()
      for (const recipient of given) {
        const { seq, openid, unionid, isByUnionid } = complete(recipient)
        const names = [openid, unionid].filter((name) => name !== null)
        if (names.some((name) => seen.has(name) || hasKey.get(no, name) !== undefined)) {
          duplicates.push(seq)
          continue
        }
        for (const name of names) {
          seen.add(name)
          keys.push([no, name, seq])
        }
        rows.push([no, seq, openid, unionid, Number(isByUnionid), recipient.columns])
      }
      await write([
        { sql: 'insert into broadcast_keys (broadcast, key, seq) values (?, ?, ?)', rows: keys },
        {
          sql: `insert into broadcast_recipients (broadcast, seq, openid, unionid, is_by_unionid, columns, attempts, generation)
values (?, ?, ?, ?, ?, ?, 0, 0)`,
          rows,
        },
        { sql: 'update broadcasts set filled = filled + ? where no = ?', params: [rows.length, no] },
      ])
      return duplicates
    },

    async findServed(no, given) {
      const isServed = (recipient: NewRecipient) => {
        const { openid, unionid } = complete(recipient)
        const names = [openid, unionid]
        return served.get(no, ...names, appid, openid, appid, unionid, no, ...names) !== undefined
      }
      return new Set(given.filter(isServed).map(({ seq }) => seq))
    },

    async isTaken(no, openid, seq) {
      const holder = holderOf.get(no, openid)
      return holder !== undefined && holder.seq !== seq
    },

    async record(no, outcomes) {
      const retried = outcomes.filter(({ wasRetried }) => wasRetried)
      const written = { sql: recordSql, rows: outcomes.map((outcome) => toRecorded(no, outcome)) }
      await writeSoon([written, { sql: forgetSql, rows: retried.map(({ seq }) => [no, seq]) }])
    },
  }
}

function toRecorded(no: number, outcome: RecipientOutcome): unknown[] {
  const { seq, openid, status, reason, detail, msgid, errcode, errmsg, rid } = outcome
  const { attempts, generation, sentAt, finishedAt } = outcome
  const told = [openid, status, reason, detail, msgid, errcode, errmsg, rid, attempts, sentAt, finishedAt]
  return [...told, no, seq, generation]
}
