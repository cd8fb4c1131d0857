import { type Sentence, say } from '../sentences/sentence.ts'

/** An account by the word people have for it: its name in ACCOUNTS_FILE, else its appid. */
export interface AccountName {
  name: string
  appid: string
}

/** The account that a person or a program means by its name or its AppID. */
export function findAccount<T extends AccountName>(accounts: readonly T[], word: string): T | undefined {
  return accounts.find(({ name, appid }) => name === word || appid === word)
}

/** What is expected where one of them has to be named. */
export function toOneOf(accounts: readonly AccountName[]): Sentence {
  return say('expected.oneOf', { names: toNames(accounts) })
}

/** All of them by name, for a sentence. */
export function toNames(accounts: readonly AccountName[]): string {
  return accounts.map(({ name }) => name).join(', ')
}
