import { STATUS_CODES } from 'node:http'
import * as z from 'zod'
import type { Language } from '../../../base/sentences/language.ts'
import { render } from '../../../base/sentences/render.ts'
import { asSentence, type Sentence } from '../../../base/sentences/sentence.ts'

/** Where in what was sent something is wrong, as a JSON pointer; of a parameter its name. */
const fieldProblemSchema = z.strictObject({ pointer: z.string(), message: z.string() })
type FieldProblem = z.infer<typeof fieldProblemSchema>
/** The same before it is said in a language. */
export interface FieldFault extends Pick<FieldProblem, 'pointer'> {
  message: Sentence | string
}

/** RFC 9457. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('what kind of problem it is, for programs'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('for people, in the language of Accept-Language (zh, en)'),
    errors: z.array(fieldProblemSchema),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>

interface ProblemFields {
  errors?: FieldFault[]
  retryAfterSeconds?: number | undefined
  /** Methods that the path takes, of a 405. */
  allow?: string
}

/** The request is answered with a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly statusCode: number
  readonly sentence: Sentence
  readonly errors: FieldFault[]
  readonly retryAfterSeconds: number | undefined
  readonly allow: string | undefined

  constructor(
    statusCode: number,
    sentence: Sentence,
    { errors = [], retryAfterSeconds, allow, ...options }: ProblemFields & ErrorOptions = {},
  ) {
    super(render(sentence, 'en').seen, options)
    this.statusCode = statusCode
    this.sentence = sentence
    this.errors = errors
    this.retryAfterSeconds = retryAfterSeconds
    this.allow = allow
  }
}

export function toDocument({ statusCode, sentence, errors }: ProblemError, language: Language): Problem {
  return {
    type: `urn:unionpush:${sentence.key.replace(/^http\./, '')}`,
    title: STATUS_CODES[statusCode] ?? 'Error',
    status: statusCode,
    detail: render(sentence, language).seen,
    errors: errors.map(({ pointer, message }) => ({
      pointer,
      message: render(asSentence(message), language).seen,
    })),
  }
}
