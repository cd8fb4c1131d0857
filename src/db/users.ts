export interface Login {
  openid: string
  unionid: string | undefined
  /** Encrypted. */
  sessionKey: string
  /** Epoch milliseconds. */
  at: number
}

export interface UnionidOf {
  openid: string
  unionid: string
}

export interface SessionKeyOf {
  openid: string
  sessionKey: string
}

interface UserRow {
  unionid: string | null
  /** Encrypted. */
  sessionKey: string
}

export interface Users {
  find(openid: string): Promise<UserRow | undefined>
  /** A missing unionid never replaces a known one. */
  recordLogin(login: Login): Promise<void>
  /** Takes a unionid that WeChat itself named for this user. */
  setUnionid(user: UnionidOf): Promise<void>
  /** Takes a unionid only where none is known yet. */
  completeUnionid(user: UnionidOf): Promise<void>
  /** Takes a new session_key, encrypted. */
  setSessionKey(user: SessionKeyOf): Promise<void>
  /** Of the last logins: the unionid, null where WeChat has told none. */
  findRecent(limit: number): Promise<(string | null)[]>
  /** Deletes who has not logged in since `before` and has no living session; returns how many. Epoch milliseconds. */
  purge(times: { before: number; now: number }): Promise<number>
}
