import { type Sentence, say } from '../base/sentences/sentence.ts'
import type { Followers, UnlistedFollower } from '../db/followers.ts'
import type { FetchInfos } from './fetchInfos.ts'
import { inBatches } from './inBatches.ts'
import { batchLimit } from './readFollowers.ts'
import type { RunRecord } from './runRecord.ts'

interface DropDeps {
  followers: Pick<Followers, 'unlisted' | 'counts' | 'toUpsert'>
  fetchInfos: FetchInfos
  record: RunRecord
  now: () => number
}

interface DropOptions {
  /** Also when most followers would go. */
  force: boolean
  /** Batchgets in flight. */
  concurrency: number
  signal: AbortSignal
}

/** Losing them says nothing about the list: an account with three followers may well lose two. */
const harmless = 2

/** How many followers a list may leave out before it counts as wrong: some come and go while it is read. */
export function toTolerance(followers: number): number {
  return Math.max(harmless, followers / 100)
}

/**
 * Asks WeChat about the followers whom its list did not name, and marks as unsubscribed those of whom it says that they do
 * not follow or do not exist. Returns what speaks against the list, if anything does; nobody is asked about when more than
 * half of all would go.
 */
export async function dropUnlisted(
  { followers, fetchInfos, record, now }: DropDeps,
  { force, concurrency, signal }: DropOptions,
): Promise<Sentence | undefined> {
  const { id, startedAt } = record.run
  let stillFollowing = 0

  async function* unlisted(): AsyncGenerator<UnlistedFollower[]> {
    for await (const rows of followers.unlisted({ id, startedAt, now: now() })) {
      signal.throwIfAborted()
      const unseen = rows.filter((row) => !record.seen.has(row.id))
      if (unseen.length > 0) yield unseen
    }
  }

  async function* toBatches(): AsyncGenerator<UnlistedFollower[]> {
    const batch: UnlistedFollower[] = []
    for await (const rows of unlisted()) {
      batch.push(...rows)
      while (batch.length >= batchLimit) {
        signal.throwIfAborted()
        yield batch.splice(0, batchLimit)
      }
    }
    if (batch.length > 0) yield batch
  }

  async function ask(batch: UnlistedFollower[]): Promise<void> {
    const at = now()
    const { infos, refused, oddRows } = await fetchInfos(batch.map(({ openid }) => openid))
    const left = [...infos.filter(({ subscribed }) => !subscribed).map(({ openid }) => openid), ...refused]
    const gone = new Set(left)
    record.write(
      ...followers.toUpsert(
        left.map((openid) => ({ openid, subscribed: false })),
        { at, runId: id },
      ),
    )
    // Of the others nothing is taken over: one bad openid can shift what WeChat says of those behind it.
    for (const row of batch) if (!gone.has(row.openid)) record.seen.add(row.id)
    record.count({ unsubscribed: left.length, oddRows })
    stillFollowing += batch.length - left.length
  }

  let count = 0
  for await (const rows of unlisted()) count += rows.length
  if (count === 0) return undefined
  const { subscribed } = await followers.counts()
  if (count > harmless && count > subscribed / 2 && !force) {
    return say('sync.drops_most', { count, subscribed })
  }
  await inBatches(toBatches(), ask, { concurrency, record })
  if (stillFollowing <= toTolerance(subscribed) || force) return undefined
  return say('sync.still_follow', { count: stillFollowing, subscribed })
}
