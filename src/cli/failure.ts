import { ConfigError } from '../base/configError.ts'
import { ListenError } from '../base/listenError.ts'
import { type Sentence, toEnglish } from '../base/sentences/sentence.ts'
import { DatabaseError, type DatabaseErrorCode } from '../db/databaseError.ts'
import { BroadcastError } from '../operations/broadcasts/broadcastError.ts'
import { AmbiguousPushError } from '../push/ambiguousPush.ts'
import { InvalidPushError } from '../push/invalidPush.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import { explainInFull } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'
import { UsageError } from './args.ts'
import { inWords, phrase } from './text/phrase.ts'

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
  readonly sentence: Sentence
  readonly hint: Sentence | null

  constructor(code: string, sentence: Sentence, hint: Sentence | null = null) {
    super(toEnglish(sentence))
    this.code = code
    this.sentence = sentence
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

/** Never a stack trace: a sentence in the language of the reader, and where there is one, what to do. */
export function toFailure(error: unknown, command: string | undefined): Failure {
  if (error instanceof UsageError) {
    const help = ['unionpush', command, '--help'].filter(Boolean).join(' ')
    return {
      exitCode: 2,
      code: 'usage',
      message: inWords(error.sentence),
      hint: phrase('usage.how', { help }),
    }
  }
  if (error instanceof NegativeAnswer) {
    const { code, sentence, hint } = error
    return { exitCode: 1, code, message: inWords(sentence), hint: hint && inWords(hint) }
  }
  if (error instanceof BroadcastError) {
    return { exitCode: 1, code: error.code, message: inWords(error.sentence), hint: null }
  }
  if (error instanceof ConfigError) return toConfigFailure(error)
  if (error instanceof DatabaseError) {
    const exitCode = lastingDatabaseErrors.includes(error.code) ? 2 : 1
    return { exitCode, code: `database_${error.code}`, message: inWords(error.sentence), hint: null }
  }
  if (error instanceof InvalidPushError) {
    const message = phrase('failure.nothingQueued', { problems: error.sentence })
    return { exitCode: 2, code: 'invalid_push', message, hint: null }
  }
  if (error instanceof AmbiguousPushError) {
    const message = inWords(error.sentence)
    return { exitCode: 2, code: 'ambiguous_push', message, hint: phrase('failure.sayAccount') }
  }
  if (error instanceof QueueUnavailableError) {
    const exitCode = error.isLasting ? 2 : 1
    return { exitCode, code: 'queue_unavailable', message: inWords(error.sentence), hint: null }
  }
  if (error instanceof ListenError) {
    return { exitCode: 1, code: 'cannot_listen', message: inWords(error.sentence), hint: null }
  }
  if (error instanceof WechatApiError) {
    const { errcode, rid = null } = error
    return {
      exitCode: 1,
      code: `wechat_${errcode}`,
      message: inWords(explainInFull(error)),
      hint: null,
      refusal: { errcode, rid },
    }
  }
  if (error instanceof WechatNetworkError) {
    return {
      exitCode: 1,
      code: 'wechat_unreachable',
      message: phrase('failure.noAnswer', { why: error.sentence }),
      hint: phrase('failure.noAnswerHint'),
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { exitCode: 1, code: 'internal', message, hint: phrase('failure.internalHint') }
}

function toConfigFailure({ sentences }: ConfigError): Failure {
  const problems = sentences.map((sentence) => `  ${inWords(sentence)}`).join('\n')
  const count = sentences.length
  return {
    exitCode: 2,
    code: 'config',
    message: phrase('failure.config', { count, problems }),
    hint: phrase('failure.configHint'),
  }
}
