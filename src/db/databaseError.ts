import { asSentence, type Sentence, say, toEnglish } from '../base/sentences/sentence.ts'

export type DatabaseErrorCode =
  | 'not_writable'
  | 'not_a_database'
  | 'foreign_database'
  | 'newer_schema'
  | 'corrupt'
  | 'locked'
  | 'in_use'
  | 'incomplete'
  | 'other_data'
  | 'differs'
  | 'full'
  | 'io'
  | 'constraint'
  | 'closed'
  | 'moved'
  | 'unreachable'
  | 'access_denied'
  | 'tls_failed'
  | 'no_database'
  | 'too_old'
  | 'cancelled'
  | 'failed'

/** The database cannot do what was asked; the message says what a person can do about it. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  readonly sentence: Sentence

  constructor(code: DatabaseErrorCode, said: Sentence | string, options?: ErrorOptions) {
    const sentence = asSentence(said)
    super(toEnglish(sentence), options)
    this.code = code
    this.sentence = sentence
  }
}

const families: readonly [prefix: string, code: DatabaseErrorCode, advice: Sentence][] = [
  ['SQLITE_BUSY', 'locked', say('db.heldByOther')],
  ['SQLITE_LOCKED', 'locked', say('db.heldByOther')],
  ['SQLITE_FULL', 'full', say('db.diskFull')],
  ['SQLITE_IOERR_SHM', 'io', say('db.noSharedMemory')],
  ['SQLITE_IOERR', 'io', say('db.disk')],
  ['SQLITE_NOTADB', 'not_a_database', say('db.notSqlite')],
  ['SQLITE_CORRUPT', 'corrupt', say('db.damaged')],
  ['SQLITE_READONLY', 'not_writable', say('db.makeWritable')],
  ['SQLITE_CANTOPEN', 'not_writable', say('db.makeWritable')],
  ['SQLITE_PERM', 'not_writable', say('db.makeWritable')],
  ['SQLITE_CONSTRAINT', 'constraint', say('db.contradiction')],
]

/** What SQLite or the file system threw, as a DatabaseError about the file at `path`. */
export function toDatabaseError(error: unknown, path: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  const address = path
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof Error)) return new DatabaseError('failed', say('db.fault', { address, message }))
  const sqliteCode = 'code' in error ? String(error.code) : ''
  const family = families.find(([prefix]) => sqliteCode.startsWith(prefix))
  if (!family) return new DatabaseError('failed', say('db.fault', { address, message }), { cause: error })
  const [, code, advice] = family
  return new DatabaseError(code, say('db.faultAndAdvice', { address, message, advice }), { cause: error })
}
