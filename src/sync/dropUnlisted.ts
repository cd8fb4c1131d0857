import type { Followers } from '../db/followers.ts'
import type { RunRecord } from './runRecord.ts'

interface DropDeps {
  followers: Pick<Followers, 'unfetched' | 'counts' | 'toUnsubscribeUnlisted'>
  record: RunRecord
  now: () => number
}

interface DropOptions {
  /** Also when most followers would go. */
  force: boolean
  signal: AbortSignal
}

/** Losing them says nothing about the list: an account with three followers may well lose two. */
const harmless = 2

/**
 * Marks the followers whom a whole list did not name as unsubscribed. Returns why it did not, when that would be more than
 * half of all: such a list is more likely wrong than right.
 */
export async function dropUnlisted(
  { followers, record, now }: DropDeps,
  { force, signal }: DropOptions,
): Promise<string | undefined> {
  const { id, startedAt } = record.run

  async function* unlisted(): AsyncGenerator<number[]> {
    for await (const ids of followers.unfetched({ id, startedAt })) {
      signal.throwIfAborted()
      const unseen = ids.filter((row) => !record.seen.has(row))
      if (unseen.length > 0) yield unseen
    }
  }

  let count = 0
  for await (const ids of unlisted()) count += ids.length
  if (count > harmless && !force) {
    const { subscribed } = await followers.counts()
    if (count > subscribed / 2) {
      return `WeChat's list leaves out ${count} of ${subscribed} followers, so none was marked as unsubscribed; if the list is right, sync with --force`
    }
  }
  if (count === 0) return undefined
  for await (const ids of unlisted()) {
    record.write(followers.toUnsubscribeUnlisted(ids, { at: now(), startedAt }))
    record.count({ unsubscribed: ids.length })
    await record.save()
  }
  return undefined
}
