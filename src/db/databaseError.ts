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

  constructor(code: DatabaseErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.code = code
  }
}

const families: readonly [prefix: string, code: DatabaseErrorCode, advice: string][] = [
  ['SQLITE_BUSY', 'locked', 'another process holds the database: end it or wait for it'],
  ['SQLITE_LOCKED', 'locked', 'another process holds the database: end it or wait for it'],
  ['SQLITE_FULL', 'full', 'the disk is full: free some space'],
  [
    'SQLITE_IOERR_SHM',
    'io',
    'its file system cannot share memory between processes, as network file systems cannot: put it on a local disk (DATABASE_URL)',
  ],
  ['SQLITE_IOERR', 'io', 'the disk cannot be read or written: check it and the system log'],
  ['SQLITE_NOTADB', 'not_a_database', 'it is not an SQLite file: point DATABASE_URL at another one'],
  ['SQLITE_CORRUPT', 'corrupt', 'the file is damaged: restore it from a backup'],
  ['SQLITE_READONLY', 'not_writable', 'make the file and its directory writable for this user'],
  ['SQLITE_CANTOPEN', 'not_writable', 'make the file and its directory writable for this user'],
  ['SQLITE_PERM', 'not_writable', 'make the file and its directory writable for this user'],
  ['SQLITE_CONSTRAINT', 'constraint', 'the rows contradict each other'],
]

/** What SQLite or the file system threw, as a DatabaseError about the file at `path`. */
export function toDatabaseError(error: unknown, path: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (!(error instanceof Error)) return new DatabaseError('failed', `Database ${path}: ${String(error)}`)
  const sqliteCode = 'code' in error ? String(error.code) : ''
  const family = families.find(([prefix]) => sqliteCode.startsWith(prefix))
  if (!family) return new DatabaseError('failed', `Database ${path}: ${error.message}`, { cause: error })
  const [, code, advice] = family
  return new DatabaseError(code, `Database ${path}: ${error.message}; ${advice}`, { cause: error })
}
