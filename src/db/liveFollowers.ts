import type { Write } from './database.ts'

export interface FollowChange {
  openid: string
  /** WeChat's time of the event. */
  at: number
  /** Our time; what is stored and further ahead was written while a clock was wrong, and is not believed. */
  now: number
}

export interface AppUser {
  openid: string
  /** The service account or a mini-program. */
  app: string
}

/** What events do to the followers of one account. Writes are for the transaction that also ends the event. */
export interface LiveFollowers {
  toFollow(changes: readonly FollowChange[]): Write[]
  toUnfollow(changes: readonly FollowChange[]): Write
  /** Deletes unionid, remark, tags and scene of those who do not follow; who follows stays reachable. */
  toForgetFollowers(gone: readonly AppUser[]): Write
  /** Deletes users of a mini-program and their sessions. */
  toForgetUsers(gone: readonly AppUser[]): Write
  /** Deletes unionid, remark, tags and scene of those who left before that time; returns how many followers. */
  purgeUnfollowed(before: number): Promise<number>
}
