import { DatabaseError, type DatabaseErrorCode } from '../../databaseError.ts'

type Family = [pattern: RegExp, code: DatabaseErrorCode, advice: string]

const network = 'start the server, or set its host and port right in DATABASE_URL'

/** By SQLSTATE, by the code of Node.js, or by the words of `pg`, in this order. */
const families: readonly Family[] = [
  [
    /^(57P0[123]|57P05|08...)$/,
    'unreachable',
    'the server ended the connection: it is stopped, starts, or an administrator did so',
  ],
  [/^53300$/, 'unreachable', 'raise max_connections of the server, or run fewer processes'],
  [/^53...$/, 'full', 'the server has no space left: free some on its disk'],
  [/^28P01$/, 'access_denied', 'set the right user and password in DATABASE_URL'],
  [
    /^28...$/,
    'access_denied',
    'set the right user in DATABASE_URL, or let it in by pg_hba.conf of the server (?sslmode=require if only by TLS)',
  ],
  [/^3D000$/, 'no_database', 'create it (createdb), or name another one in DATABASE_URL'],
  [
    /^42501$/,
    'access_denied',
    'give this user the right: GRANT CREATE ON DATABASE, or make it the owner of the schema',
  ],
  [/^25006$/, 'not_writable', 'the server only reads, as a standby does: point DATABASE_URL at the primary'],
  [/^2[23]...$/, 'constraint', 'the rows contradict each other'],
  [/^(40...|55P03)$/, 'locked', 'other processes write the same rows again and again'],
  [/^57014$/, 'cancelled', 'an administrator or statement_timeout of the server cancelled the statement'],
  [/^XX00[12]$/, 'corrupt', 'the files of the server are damaged: restore them from a backup'],
  [
    /^(42P01|42703|3F000)$/,
    'failed',
    'a table was dropped or changed while the program runs: unionpush migrate',
  ],
  [
    /^(EPROTO|ERR_TLS.*|ERR_SSL.*|.*CERT.*|UNABLE_TO_VERIFY.*)$/,
    'tls_failed',
    'set ?sslrootcert= to the file of its certificate authority, or ?sslmode=require to trust any',
  ],
  [/does not support SSL/, 'tls_failed', 'switch ssl on in the server, or set ?sslmode=disable'],
  [/^E[A-Z]+(_[A-Z]+)?$/, 'unreachable', network],
  [/^SASL|password/, 'access_denied', 'set the right user and password in DATABASE_URL'],
  [/time(d )?out|timeout|terminated|not queryable|Connection ended/i, 'unreachable', network],
]

/** What `pg` or the server threw, as a DatabaseError about the database at `address`. */
export function toPostgresError(error: unknown, address: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (!(error instanceof Error)) return new DatabaseError('failed', `Database ${address}: ${String(error)}`)
  // Of a host with several addresses Node.js tells what became of each.
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  const message = cause.message || error.message
  const family = findFamily('code' in cause ? String(cause.code) : '') ?? findFamily(message)
  const [, code, advice] = family ?? [undefined, 'failed' as const, undefined]
  const sentence = `Database ${address}: ${message}${advice === undefined ? '' : `; ${advice}`}`
  return new DatabaseError(code, sentence, { cause: error })
}

/** A statement was refused for what is in it, not for the state of the server or of other transactions. */
export function isOwnFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(2[123]...|constraint)$/.test(code)
}

/** The transaction met others that wanted the same rows, and may well pass next time. */
export function isCollision(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^40(001|P01)$/.test(String(error.code))
}

function findFamily(text: string): Family | undefined {
  return families.find(([pattern]) => pattern.test(text))
}
