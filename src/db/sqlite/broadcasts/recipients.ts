import type { Broadcasts, NewRecipient } from '../../broadcasts/broadcasts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'

/** Those whom a broadcast goes to, and what became of them. */
export function createBroadcastRecipients(
  { read, write, writeSoon }: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): Pick<Broadcasts, 'addRecipients' | 'isTaken' | 'record'> {
  const client = read.$client
  const hasKey = client.prepare<[number, string], unknown>(
    'select 1 from broadcast_keys where broadcast = ? and key = ?',
  )
  const holderOf = client.prepare<[number, string], { seq: number }>(
    'select seq from broadcast_keys where broadcast = ? and key = ?',
  )
  const openidsOf = client.prepare<[string, string], { openid: string; subscribed: number }>(
    'select openid, subscribed from followers where appid = ? and unionid = ? limit 100',
  )
  const unionidOf = client.prepare<[string, string], { unionid: string | null }>(
    'select unionid from followers where appid = ? and openid = ?',
  )
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

    async isTaken(no, openid, seq) {
      const holder = holderOf.get(no, openid)
      return holder !== undefined && holder.seq !== seq
    },

    async record(no, outcome) {
      const { seq, openid, status, reason, detail, msgid, errcode, errmsg, rid } = outcome
      const { attempts, generation, sentAt, finishedAt } = outcome
      const values = [
        openid,
        status,
        reason,
        detail,
        msgid,
        errcode,
        errmsg,
        rid,
        attempts,
        sentAt,
        finishedAt,
      ]
      const written: Statement = {
        sql: `update broadcast_recipients set openid = coalesce(openid, ?), status = ?, reason = ?, detail = ?, msgid = ?,
errcode = ?, errmsg = ?, rid = ?, attempts = ?, sent_at = ?, finished_at = ?
where broadcast = ? and seq = ? and generation = ? and status is null`,
        params: [...values, no, seq, generation],
      }
      const forgotten: Statement = {
        sql: 'delete from broadcast_retries where broadcast = ? and seq = ?',
        params: [no, seq],
      }
      await writeSoon(outcome.wasRetried ? [written, forgotten] : [written])
    },
  }

  /** A person may be named by unionid in one line and by openid in another. */
  function complete(recipient: NewRecipient): NewRecipient {
    const { openid, unionid } = recipient
    return {
      ...recipient,
      openid: openid ?? (unionid === null ? null : findOpenid(unionid)),
      unionid: unionid ?? (openid === null ? null : (unionidOf.get(appid, openid)?.unionid ?? null)),
    }
  }

  function findOpenid(unionid: string): string | null {
    const known = openidsOf.all(appid, unionid)
    return (known.find(({ subscribed }) => subscribed === 1) ?? known[0])?.openid ?? null
  }
}
