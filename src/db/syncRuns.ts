import type { Write } from './database.ts'

/** Times are epoch milliseconds. */
export interface SyncRunRow {
  id: number
  appid: string
  status: 'running' | 'complete' | 'interrupted' | 'stopped'
  /** `--full`: every follower is fetched again. */
  full: boolean
  /** next_openid of the page to ask for next; null = from the start. */
  cursor: string | null
  /** WeChat has named all followers; what is left is to mark those it did not name. */
  listed: boolean
  resumed: boolean
  total: number
  pages: number
  seen: number
  fetched: number
  added: number
  updated: number
  unsubscribed: number
  withoutUnionid: number
  /** Entries of WeChat's lists that named nobody. */
  oddRows: number
  error: string | null
  startedAt: number
  finishedAt: number | null
  /** Time spent at work, over all parts of the run. */
  durationMs: number
}

/** Which rows of followers a run saw and had no reason to write: bit n of chunk c is row c * chunk size + n. */
export interface SeenChunk {
  chunk: number
  bits: Buffer
}

/** What a run did since it was last recorded. */
export type SyncStep = Pick<
  SyncRunRow,
  | 'pages'
  | 'seen'
  | 'fetched'
  | 'added'
  | 'updated'
  | 'unsubscribed'
  | 'withoutUnionid'
  | 'oddRows'
  | 'durationMs'
>

export const nothingDone: Readonly<SyncStep> = {
  pages: 0,
  seen: 0,
  fetched: 0,
  added: 0,
  updated: 0,
  unsubscribed: 0,
  withoutUnionid: 0,
  oddRows: 0,
  durationMs: 0,
}

/** Where a run stands. */
export type SyncPosition = Pick<SyncRunRow, 'total' | 'cursor' | 'listed'>

export type SyncEnding = Pick<SyncRunRow, 'status' | 'error' | 'finishedAt'>

/** A run, and the lease its process must hold to change it. */
export interface HeldRun {
  id: number
  lease: string
  owner: string
}

export interface Recorded {
  step: SyncStep
  position: SyncPosition
  seen?: SeenChunk[]
  /** For the same transaction. */
  writes?: Write[]
}

interface BeginOptions {
  /** Every follower is to be fetched again; an unfinished run that does less is given up. */
  full: boolean
  now: number
  /** Unfinished runs that began earlier are given up. */
  resumableSince: number
}

/** How many WeChat said they are, and when a sync had seen them all; epoch milliseconds. */
export interface CompleteRun {
  finishedAt: number
  total: number
}

export interface SyncRuns {
  /** The newest run, finished or not. */
  findLast(): Promise<SyncRunRow | undefined>
  /** The newest that saw all followers. */
  findLastComplete(): Promise<SyncRunRow | undefined>
  /** Those that saw all followers since then (epoch milliseconds), the oldest first. */
  findComplete(since: number): Promise<CompleteRun[]>
  /** The last run if it can be resumed, else a new one. */
  begin(options: BeginOptions): Promise<SyncRunRow>
  /** From now on every follower is to be fetched again. */
  toFull(runId: number): Write
  findSeen(runId: number): Promise<SeenChunk[]>
  /** Adds a step to the counts of a run; false = the lease is lost and the counts are as they were. */
  record(run: HeldRun, recorded: Recorded): Promise<boolean>
  finish(run: HeldRun, ending: SyncEnding): Promise<void>
  /** Deletes what began before that time, but for the newest complete run and those under way; returns how many. */
  purge(before: number): Promise<number>
}
