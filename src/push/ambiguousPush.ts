import { type AccountName, toNames } from '../base/accounts/accountName.ts'
import { type Sentence, say, toEnglish } from '../base/sentences/sentence.ts'

/** Several accounts have a push with the id that was asked about: it has to be said which is meant. */
export class AmbiguousPushError extends Error {
  override readonly name = 'AmbiguousPushError'
  /** By name. */
  readonly accounts: string[]
  readonly sentence: Sentence

  constructor(id: string, accounts: readonly AccountName[]) {
    const sentence = say('push.ambiguous', { id, names: toNames(accounts) })
    super(toEnglish(sentence))
    this.sentence = sentence
    this.accounts = accounts.map(({ name }) => name)
  }
}
