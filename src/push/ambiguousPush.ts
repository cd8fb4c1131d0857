import { type AccountName, toNames } from '../base/accounts/accountName.ts'

/** Several accounts have a push with the id that was asked about: it has to be said which is meant. */
export class AmbiguousPushError extends Error {
  override readonly name = 'AmbiguousPushError'
  /** By name. */
  readonly accounts: string[]

  constructor(id: string, accounts: readonly AccountName[]) {
    super(`Several accounts have a push with the id ${id}: ${toNames(accounts)}. Say which is meant`)
    this.accounts = accounts.map(({ name }) => name)
  }
}
