import { SchemaVersionMismatchError, UnsupportedPostgresVersionError } from 'bullmq'
import { type Sentence, say, verbatim } from '../../base/sentences/sentence.ts'

/** What a person can do about it, by SQLSTATE or by the code of the system. */
const advice: Record<string, Sentence> = {
  '28P01': say('postgresAdvice.password'),
  '28000': say('postgresAdvice.user'),
  '3D000': say('postgresAdvice.createDatabase'),
  '42501': say('postgresAdvice.grant'),
  '53100': say('postgresAdvice.full'),
  '53300': say('postgresAdvice.maxConnections'),
  ENOTFOUND: say('postgresAdvice.host'),
  EAI_AGAIN: say('postgresAdvice.host'),
}

/** What is wrong, in the words of whoever said it, and what to do about it where that is known. */
export function explainPostgresError(error: unknown): Sentence {
  const message = toMessage(error)
  const known = advice[toCode(error)]
  return known ? say('away.adviced', { message, advice: known }) : verbatim(message)
}

/** Several addresses of one host were tried: the error itself is empty then. */
function toMessage(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(toMessage).join(', ')
  return error instanceof Error ? error.message : String(error)
}

function toCode(error: unknown): string {
  const { code }: { code?: unknown } = Object(error)
  return typeof code === 'string' ? code : ''
}

function toSeverity(error: unknown): string {
  const { severity }: { severity?: unknown } = Object(error)
  return typeof severity === 'string' ? severity : ''
}

const readOnly = '25006'

/** Whether the connection or the server behind it is gone, or is not the one to write to, so that another one may help. */
export function isConnectionFault(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const severity = toSeverity(error)
  if (severity !== '') return severity === 'FATAL' || severity === 'PANIC' || toCode(error) === readOnly
  return /ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|timeout|Connection terminated|Client (was closed|has encountered)|read-only|SSL/i.test(
    `${toCode(error)} ${toMessage(error)}`,
  )
}

/** Errors of who was not let in, or found nobody: whatever was to be done was not even asked for. */
const unasked = /^(28|3D|53300|57P03|25006|ENOENT$|ECONNREFUSED$|ENOTFOUND$|EAI_AGAIN$)/

/** Whether the server surely did nothing for a statement that ended with `error`. */
export function isPostgresRefusal(error: unknown): boolean {
  return toSeverity(error) === 'ERROR' || unasked.test(toCode(error))
}

/** Whether no waiting makes the server usable for this program. */
export function isUnusable(error: unknown): boolean {
  return error instanceof SchemaVersionMismatchError || error instanceof UnsupportedPostgresVersionError
}

/** The server has no TLS, or lets nobody in without. */
export function isAboutTls(error: unknown): boolean {
  return /does not support SSL/.test(toMessage(error)) || toCode(error) === '28000'
}
