/** Times are epoch milliseconds. */
export interface TokenRow {
  appid: string
  token: string
  obtainedAt: number
  expiresAt: number
}

export interface TokenRows {
  /** One that was obtained in the future is not believed: the clock was wrong then. */
  load(appid: string): Promise<TokenRow | undefined>
  /** A token obtained earlier than the stored one changes nothing: its answer was only slower. */
  save(appid: string, token: Omit<TokenRow, 'appid'>): Promise<void>
}
