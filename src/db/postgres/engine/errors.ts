import { type Sentence, say } from '../../../base/sentences/sentence.ts'
import { DatabaseError, type DatabaseErrorCode } from '../../databaseError.ts'

type Family = [pattern: RegExp, code: DatabaseErrorCode, advice: Sentence]

const network = say('db.network')

/** By SQLSTATE, by the code of Node.js, or by the words of `pg`, in this order; `open` = a file could not be read. */
const families: readonly Family[] = [
  [/^(57P0[123]|57P05|08...)$/, 'unreachable', say('db.serverEnded')],
  [/^53300$/, 'unreachable', say('db.maxConnections')],
  [/^53...$/, 'full', say('db.serverFull')],
  [/^28P01$/, 'access_denied', say('db.password')],
  [/^28...$/, 'access_denied', say('db.user')],
  [/^3D000$/, 'no_database', say('db.createDatabase')],
  [/^42501$/, 'access_denied', say('db.grant')],
  [/^25006$/, 'not_writable', say('db.standby')],
  [/^2[23]...$/, 'constraint', say('db.contradiction')],
  [/^(40...|55P03)$/, 'locked', say('db.collisions')],
  [/^57014$/, 'cancelled', say('db.cancelled')],
  [/^XX00[12]$/, 'corrupt', say('db.serverDamaged')],
  [/^(42P01|42703|3F000)$/, 'failed', say('db.tableChanged')],
  [/^open$/, 'tls_failed', say('db.certificateFile')],
  [
    /^(EPROTO|ERR_TLS.*|ERR_SSL.*|ERR_OSSL.*|.*CERT.*|UNABLE_TO_VERIFY.*)$/,
    'tls_failed',
    say('db.certificate'),
  ],
  [/does not support SSL/, 'tls_failed', say('db.noTls')],
  [/^E[A-Z]+(_[A-Z]+)?$/, 'unreachable', network],
  [/^SASL|password/, 'access_denied', say('db.password')],
  [/time(d )?out|timeout|terminated|not queryable|Connection ended/i, 'unreachable', network],
]

/** What `pg` or the server threw, as a DatabaseError about the database at `address`. */
export function toPostgresError(error: unknown, address: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (!(error instanceof Error)) {
    return new DatabaseError('failed', say('db.fault', { address, message: String(error) }))
  }
  // Of a host with several addresses Node.js tells what became of each.
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  const message = cause.message || error.message
  const family = findFamily(toSign(cause)) ?? findFamily(message)
  const [, code, advice] = family ?? [undefined, 'failed' as const, undefined]
  const sentence = advice
    ? say('db.faultAndAdvice', { address, message, advice })
    : say('db.fault', { address, message })
  return new DatabaseError(code, sentence, { cause: error })
}

/** A statement was refused for what is in it, not for the state of the server or of other transactions. */
export function isOwnFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(2[123]...|constraint)$/.test(code)
}

function toSign(cause: object): string {
  if ('syscall' in cause && cause.syscall === 'open') return cause.syscall
  return 'code' in cause ? String(cause.code) : ''
}

function findFamily(text: string): Family | undefined {
  return families.find(([pattern]) => pattern.test(text))
}
