import type { FollowerFacts, FollowerRow, Followers } from '../db/followers.ts'
import { findLimit } from '../db/followers.ts'
import type { FetchInfos } from './fetchInfos.ts'
import { inBatches } from './inBatches.ts'
import type { RunRecord } from './runRecord.ts'

/** WeChat's limit for one batchget. */
export const batchLimit = 100

interface Wanted {
  openid: string
  /** Row number, if the openid has a row. */
  id?: number
}

interface ReadDeps {
  followers: Pick<Followers, 'findListed' | 'findByOpenids' | 'toUpsert'>
  fetchInfos: FetchInfos
  record: RunRecord
  now: () => number
}

interface ReadOptions {
  /** Batchgets in flight. */
  concurrency: number
  /** Epoch milliseconds; followers fetched before are fetched again. */
  staleBefore: number
  /** Whether followers without a unionid are fetched however recently they were. */
  asksNameless: boolean
  signal: AbortSignal
  onBatch: () => void
}

/**
 * Notes the followers of one page as seen and fetches those who are new, back again, never fetched or stale. When it
 * rejects, all calls have ended, and what they brought waits in the record.
 */
export async function readFollowers(
  openids: readonly string[],
  { followers, fetchInfos, record, now }: ReadDeps,
  { concurrency, staleBefore, asksNameless, signal, onBatch }: ReadOptions,
): Promise<void> {
  const runId = record.run.id
  return inBatches(
    toBatches(),
    async (batch) => {
      await fetchBatch(batch)
      onBatch()
    },
    { concurrency, record },
  )

  async function* toBatches(): AsyncGenerator<Wanted[]> {
    const distinct = [...new Set(openids)]
    const find = (start: number) => findWanted(distinct.slice(start, start + findLimit))
    let found = find(0)
    let wanted: Wanted[] = []
    for (let start = 0; start < distinct.length; start += findLimit) {
      wanted = wanted.concat(await found)
      // While these are fetched; nobody awaits it any more once a worker has failed.
      found = find(start + findLimit)
      found.catch(() => {})
      while (wanted.length >= batchLimit) {
        signal.throwIfAborted()
        yield wanted.splice(0, batchLimit)
      }
      signal.throwIfAborted()
    }
    if (wanted.length > 0) yield wanted
  }

  async function findWanted(chunk: readonly string[]): Promise<Wanted[]> {
    const rows = await followers.findListed(chunk, { runId, staleBefore, asksNameless, now: now() })
    const known = new Map(rows.map((row) => [row.openid, row]))
    const wanted: Wanted[] = []
    for (const openid of chunk) {
      const row = known.get(openid)
      if (row === undefined) wanted.push({ openid })
      else if (row.isFetched || record.seen.has(row.id)) continue
      else if (!row.isFresh) wanted.push({ openid, id: row.id })
      else {
        record.seen.add(row.id)
        record.count({ seen: 1, withoutUnionid: row.hasUnionid ? 0 : 1 })
      }
    }
    return wanted
  }

  async function fetchBatch(batch: readonly Wanted[]): Promise<void> {
    const at = now()
    const { infos, refused, missing, oddRows } = await fetchInfos(batch.map(({ openid }) => openid))
    const rows = await followers.findByOpenids(batch.filter(({ id }) => id).map(({ openid }) => openid))
    const known = new Map(rows.map((row) => [row.openid, row]))

    // Kept as followers, as the list says.
    const facts: FollowerFacts[] = [...infos, ...refused.map((openid) => ({ openid, subscribed: true }))]
    const following = facts.filter((fact) => fact.subscribed)
    const left = facts.filter((fact) => !fact.subscribed)
    record.write(...followers.toUpsert(facts, { at, runId }))
    for (const openid of missing) {
      const row = known.get(openid)
      if (row) record.seen.add(row.id)
    }
    const isWithoutUnionid = ({ openid, unionid }: Pick<FollowerFacts, 'openid' | 'unionid'>) =>
      !unionid && !known.get(openid)?.unionid
    record.count({
      seen: batch.length,
      fetched: batch.length,
      added: following.filter(({ openid }) => !known.has(openid)).length,
      updated: following.filter((fact) => isChanged(fact, known.get(fact.openid))).length,
      oddRows,
      unsubscribed: left.filter(({ openid }) => known.get(openid)?.subscribed).length,
      withoutUnionid: [...following, ...missing.map((openid) => ({ openid }))].filter(isWithoutUnionid)
        .length,
    })
  }
}

/** What WeChat did not tell is not changed. */
function isChanged(fact: FollowerFacts, row: FollowerRow | undefined): boolean {
  if (row === undefined) return false
  const { unionid, subscribed, subscribeTime, scene, tagIds, remark } = { ...row, ...fact }
  return (
    unionid !== row.unionid ||
    subscribed !== row.subscribed ||
    subscribeTime !== row.subscribeTime ||
    scene !== row.scene ||
    remark !== row.remark ||
    JSON.stringify(tagIds) !== JSON.stringify(row.tagIds)
  )
}
