/** A change that a store has prepared; only the database it came from can do it. */
export interface Write {
  readonly sql: string
}

/** What every engine promises; what is kept in it, its stores say. What fails rejects with a DatabaseError. */
export interface Database {
  readonly engine: 'sqlite' | 'postgres'
  /** Where it is, for people: without user and password. */
  readonly address: string
  /**
   * One atomic transaction, durable when the promise resolves; calls that wait at the same time share a commit.
   * A lock held by another process delays it. Rejects with a DatabaseError; then nothing of it was written.
   */
  write(group: Write[]): Promise<unknown>
  /**
   * The same for what is small and written all the time. SQLite has it on disk within a second: should this process die,
   * nothing is lost; should the machine lose power, that second is, as with a Redis that syncs its log every second.
   * PostgreSQL has it on disk at once.
   */
  writeSoon(group: Write[]): Promise<unknown>
  /** Resolves when all writes asked for are done and the database is closed. */
  close(): Promise<void>
}
