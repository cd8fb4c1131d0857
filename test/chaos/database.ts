/** A row of `pushes` as it is in the database. */
export interface Row {
  id: string
  status: string
  reason: string | null
  openid: string | null
  msgid: string | null
  errcode: number | null
  attempts: number
  finished_at: number | null
}

export const rowsQuery =
  'select id, status, reason, openid, msgid, errcode, attempts, finished_at from pushes'

/** The database of a run, past the program. */
export interface RunDatabase {
  /** DATABASE_URL. */
  readonly url: string
  /** Whether it is on a small disk that is nobody else's, so that it can be filled. */
  readonly isOwn: boolean
  /** Leaves no free byte on the disk. */
  fill(): void
  /** Makes room, and starts again what ended for want of it. */
  free(): Promise<void>
  /** Keeps everybody from writing, as another program could; resolves with what gives it back. */
  lock(): Promise<() => Promise<void>>
  rows(): Promise<Row[]>
  run(sql: string): Promise<void>
  select(sql: string): Promise<Record<string, unknown>[]>
  /** Names of all tables. */
  tables(): Promise<string[]>
  /** What is wrong with the files; `ok` when nothing. */
  check(): Promise<string>
  /** Makes the copy that is yesterday's later. */
  copy(): Promise<void>
  /** Puts the copy in the place of the database, which nobody may use. */
  restore(): Promise<void>
  /** Its files that others on the machine may read, where it is for the program to see to that. */
  openDoors(): string[]
  close(): Promise<void>
}

/** What the audit, and faults that are about any queue, want of it. */
export interface RunQueue {
  /** Jobs of the account that are not finished. */
  countJobs(appid: string): Promise<number>
  /** Everything that is, or ever was, in it, keys and values. */
  written(): Promise<string>
  /** Once the program has made the queue. */
  watch(): Promise<void>
  /**
   * How often the job that was taken from its worker most often was taken from one. One outage can do that more than
   * once: on a busy machine it outlasts the next worker's lock too.
   */
  countMostStalls(): Promise<number>
  /** Nobody gets anything done in it until what this resolves with is called; what was under way is lost then. */
  hold(): Promise<() => Promise<void>>
}
