export interface NewSession {
  token: string
  openid: string
  /** Epoch milliseconds. */
  createdAt: number
  expiresAt: number
}

export interface Session {
  openid: string
  /** Epoch milliseconds. */
  expiresAt: number
}

/** Takes tokens, keeps their hashes; text that looks like no token is a session nobody has. */
export interface Sessions {
  start(session: NewSession): Promise<void>
  /** `undefined` once the session has expired or was ended. */
  find(token: string, now: number): Promise<Session | undefined>
  extend(token: string, expiresAt: number): Promise<void>
  end(token: string): Promise<void>
  /** Deletes what has expired; returns how many sessions. */
  purge(now: number): Promise<number>
}

/** The user of a living session, by the hash of its token. */
export type FindSessionUser = (tokenHash: string) => Promise<{ unionid: string | null } | undefined>
