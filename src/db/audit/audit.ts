/** One change that somebody made over HTTP. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  at: number
  /** Of the key that it was made with. */
  keyName: string
  role: string
  action: string
  /** By name; null = it is of none. */
  account: string | null
  /** What was changed, such as the id of a push. */
  target: string | null
  detail: string | null
}

export type AuditOutcome = Pick<AuditEntry, 'account' | 'target' | 'detail'>

/** Who changed what, over all accounts of a database. */
export interface Audit {
  /** On disk when it resolves, with its number. */
  add(entry: AuditEntry): Promise<number>
  /** What became of it. */
  change(id: number, outcome: AuditOutcome): Promise<void>
  remove(id: number): Promise<void>
  /** Newest first, from `since` on (epoch milliseconds), in pages. */
  list(since: number): AsyncGenerator<AuditEntry>
  /** Deletes up to `limit` entries from before that time; returns how many. */
  purge(before: number, limit: number): Promise<number>
}
