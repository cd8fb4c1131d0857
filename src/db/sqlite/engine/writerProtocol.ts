import type { Sentence } from '../../../base/sentences/sentence.ts'
import type { DatabaseErrorCode } from '../../databaseError.ts'
import type { Group, StatementResult } from './statement.ts'

/** What the writer thread is started with. */
export interface WriterOptions {
  path: string
  /** Shared memory; its one element becomes 1 when the owner closes, and waiting for a lock ends. */
  closing: Int32Array
}

export interface Batch {
  groups: Group[]
  /** Whether the commit has to be on disk before the reply. */
  isDurable: boolean
}

export type WriterRequest = Batch | 'close'

export type Outcome =
  | { results: StatementResult[] }
  | { error: { code: DatabaseErrorCode; sentence: Sentence } }

/** One outcome per group of the request, or news about the lock. */
export type WriterReply = Outcome[] | 'waiting_for_lock' | 'got_lock'
