import { type Sentence, say, toEnglish } from './sentences/sentence.ts'

/** The address cannot be had, by this user or on this machine or because it is taken. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly sentence: Sentence

  constructor(host: string, port: number, variable: string, cause: unknown) {
    const sentence = say('listen.refused', { host, port: String(port), variable, why: toReason(cause) })
    super(toEnglish(sentence), { cause })
    this.sentence = sentence
  }
}

function toReason(cause: unknown): Sentence | string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE') return say('listen.in_use')
  if (code === 'EACCES') return say('listen.not_allowed')
  if (code === 'EADDRNOTAVAIL') return say('listen.no_address')
  return cause instanceof Error ? cause.message : String(cause)
}
