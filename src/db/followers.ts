import type { Write } from './database.ts'

/** Times are epoch milliseconds. */
export interface FollowerRow {
  /** Dense row number; a sync run marks whom it saw in a bitmap over these instead of rewriting rows. */
  id: number
  appid: string
  openid: string
  unionid: string | null
  subscribed: boolean
  subscribeTime: number | null
  unsubscribedAt: number | null
  scene: string | null
  tagIds: number[] | null
  remark: string | null
  /** The sync run that last fetched this row. */
  seenRun: number | null
  /** When WeChat last told us about this user; null = never fetched. */
  infoAt: number | null
  /** WeChat's time of the newest follow or unfollow event applied here; older news must not undo it. */
  eventAt: number | null
}

/** What WeChat told about a user; absent means that it said nothing. Times are epoch milliseconds. */
export interface FollowerFacts {
  openid: string
  subscribed: boolean
  unionid?: string | undefined
  subscribeTime?: number | undefined
  scene?: string | undefined
  tagIds?: number[] | undefined
  remark?: string | undefined
}

export interface Asked {
  /** When WeChat was asked, epoch milliseconds. */
  at: number
  runId?: number | undefined
}

/** What a send has to know of a follower: read with every push, so no more than that. */
export type Recipient = Pick<FollowerRow, 'openid' | 'subscribed' | 'subscribeTime'> & {
  /** Others who follow carry the same unionid, so that nobody knows whose it is. */
  isShared?: boolean
}

export interface FollowerCounts {
  subscribed: number
  /** Of the subscribed ones: those who can be reached by unionid. */
  withUnionid: number
  unsubscribed: number
}

export interface ListedFollower {
  id: number
  openid: string
  hasUnionid: boolean
  /** This run has fetched it before. */
  isFetched: boolean
  /** Subscribed, and what is known of it is recent enough. */
  isFresh: boolean
}

export interface UnlistedFollower {
  id: number
  openid: string
}

export interface FindOptions {
  runId: number
  /** Epoch milliseconds; what was fetched before is too old. */
  staleBefore: number
  /** Nothing is fresh without a unionid. */
  asksNameless: boolean
  now: number
}

export interface RunStart {
  id: number
  startedAt: number
  now: number
}

/** Openids per `findListed`. */
export const findLimit = 1_000

/** The followers of one service account. Writes are for transactions that write something else too. */
export interface Followers {
  /** Of several rows a subscribed one, then the newest: users of an account that moved have an openid of each. */
  findByUnionid(unionid: string): Promise<FollowerRow | undefined>
  /** The same follower. */
  findRecipient(unionid: string): Promise<Recipient | undefined>
  /** A follower without unionid to whom a push by this one went before. */
  findFormer(unionid: string): Promise<Recipient | undefined>
  findByOpenid(openid: string): Promise<FollowerRow | undefined>
  /** The rows of those who have one; meant for a batch of WeChat's, at most 100. */
  findByOpenids(openids: readonly string[]): Promise<FollowerRow[]>
  /**
   * Takes over what WeChat told when asked `at` (epoch milliseconds); what it left out stays as it is known, and what was
   * learned after `at` wins. Who does not follow and was never seen gets no row.
   */
  upsert(infos: readonly FollowerFacts[], options: { at: number }): Promise<void>
  /** Returns how many of them followed until now. */
  markUnsubscribed(openids: readonly string[], at: number): Promise<number>
  /** False while followers may be missing because no sync was ever complete. */
  hasEverSynced(): Promise<boolean>
  counts(): Promise<FollowerCounts>
  /**
   * What WeChat said replaces what is known, what it left out stays, and what was learned later than `at` wins.
   * Who does not follow and was never seen gets no row.
   */
  toUpsert(infos: readonly FollowerFacts[], asked: Asked): Write[]
  /** Some of the subscribed with a unionid, or, where nobody has one, without. */
  findSample(limit: number): Promise<{ openid: string; unionid: string | null }[]>
  /** How many of the subscribed have no unionid yet, counted up to the limit. */
  countNameless(limit: number): Promise<number>
  /** The rows of those who have one; at most `findLimit` openids. Holds up nothing else, however busy the disk is. */
  findListed(openids: readonly string[], options: FindOptions): Promise<ListedFollower[]>
  /** The subscribed whom the run has not fetched and of whom nothing told since it began. */
  unlisted(run: RunStart): AsyncGenerator<UnlistedFollower[]>
  /** Openids of those who follow and carry the unionid. */
  findSharing(unionid: string): Promise<string[]>
  /** The unionids that several who follow carry. */
  sharedUnionids(): AsyncGenerator<string>
  /** Takes over what WeChat said of each alone; `nameless` lose the unionid they were thought to have. */
  settle(facts: readonly FollowerFacts[], options: { at: number; nameless: readonly string[] }): Promise<void>
}
