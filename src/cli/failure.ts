import { ConfigError } from '../base/configError.ts'
import { DatabaseError, type DatabaseErrorCode } from '../db/databaseError.ts'
import { BroadcastError } from '../operations/broadcasts/broadcastError.ts'
import { AmbiguousPushError } from '../push/ambiguousPush.ts'
import { InvalidPushError } from '../push/invalidPush.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import { explainInFull } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'
import { UsageError } from './args.ts'
import { formatPlural } from './format.ts'

/** What a command that could not do its work says about it. */
export interface Failure {
  /** 2 when repeating the command is useless before something is set right here, else 1. */
  exitCode: 1 | 2
  code: string
  message: string
  hint: string | null
  /** What WeChat refused with. */
  refusal?: { errcode: number; rid: string | null }
}

/** The command did its work, and the answer is no. Exit code 1. */
export class NegativeAnswer extends Error {
  override readonly name = 'NegativeAnswer'
  readonly code: string
  readonly hint: string | null

  constructor(code: string, sentence: string, hint: string | null = null) {
    super(sentence)
    this.code = code
    this.hint = hint
  }
}

/** DATABASE_URL, or what it points at, is not what it should be; nobody has it open and no disk has failed. */
const lastingDatabaseErrors: readonly DatabaseErrorCode[] = [
  'not_writable',
  'not_a_database',
  'foreign_database',
  'newer_schema',
  'access_denied',
  'tls_failed',
  'no_database',
  'too_old',
]

/** Never a stack trace: a sentence, and where there is one, what to do. */
export function toFailure(error: unknown, command: string | undefined): Failure {
  if (error instanceof UsageError) {
    const help = ['unionpush', command, '--help'].filter(Boolean).join(' ')
    return { exitCode: 2, code: 'usage', message: error.message, hint: `How it is used: ${help}` }
  }
  if (error instanceof NegativeAnswer) {
    return { exitCode: 1, code: error.code, message: error.message, hint: error.hint }
  }
  if (error instanceof BroadcastError) {
    return { exitCode: 1, code: error.code, message: error.message, hint: null }
  }
  if (error instanceof ConfigError) return toConfigFailure(error)
  if (error instanceof DatabaseError) {
    const exitCode = lastingDatabaseErrors.includes(error.code) ? 2 : 1
    return { exitCode, code: `database_${error.code}`, message: error.message, hint: null }
  }
  if (error instanceof InvalidPushError) {
    return { exitCode: 2, code: 'invalid_push', message: `Nothing was queued. ${error.message}`, hint: null }
  }
  if (error instanceof AmbiguousPushError) {
    return { exitCode: 2, code: 'ambiguous_push', message: error.message, hint: 'Say it with --account' }
  }
  if (error instanceof QueueUnavailableError) {
    const exitCode = error.isLasting ? 2 : 1
    return { exitCode, code: 'queue_unavailable', message: error.message, hint: null }
  }
  if (error instanceof WechatApiError) {
    const { errcode, rid = null } = error
    return {
      exitCode: 1,
      code: `wechat_${errcode}`,
      message: explainInFull(error),
      hint: null,
      refusal: { errcode, rid },
    }
  }
  if (error instanceof WechatNetworkError) {
    return {
      exitCode: 1,
      code: 'wechat_unreachable',
      message: `WeChat gave no usable answer: ${error.message}`,
      hint: 'Check the network, the proxy settings and WECHAT_API_BASE.',
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { exitCode: 1, code: 'internal', message, hint: 'LOG_LEVEL=debug shows where it happened.' }
}

function toConfigFailure({ problems }: ConfigError): Failure {
  const lines = problems.map((p) => `  ${p.variable}: expected ${p.expected}, found ${p.found}`)
  return {
    exitCode: 2,
    code: 'config',
    message: `${formatPlural(problems.length, 'problem')} in the configuration\n${lines.join('\n')}`,
    hint: 'Set them in the environment, in a .env file here or in ACCOUNTS_FILE. Without an account: unionpush demo',
  }
}
