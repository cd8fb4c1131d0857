import { createRandom, randomText } from './ids.ts'

export interface IssuedToken {
  value: string
  appid: string
  expiresAt: number
  /** When it stops working before its time. */
  revokedAt: number
}

/** Dead tokens are remembered to tell expired from never issued. */
const rememberedTokens = 1_000

/** Every access_token that was given out, whatever way. */
export function createIssuedTokens(lifeMs: number, random: () => number) {
  const tokens = new Map<string, IssuedToken>()
  const counts = { fetches: 0, issued: 0 }

  return {
    counts,
    find: (value: string): IssuedToken | undefined => tokens.get(value),

    issue(appid: string, at: number): IssuedToken {
      // The time is part of it: a simulator started again must not give out the token that has just been refused.
      const text = randomText(createRandom(random() * 2 ** 32 + at), 133)
      const value = `${50 + (counts.issued % 50)}_${text}`
      const token = { value, appid, expiresAt: at + lifeMs, revokedAt: Number.POSITIVE_INFINITY }
      tokens.set(value, token)
      if (tokens.size > rememberedTokens) {
        for (const [old, known] of tokens) {
          if (Math.min(known.expiresAt, known.revokedAt) < at) tokens.delete(old)
        }
      }
      counts.issued++
      return token
    },

    killAll(appid: string, at: number): void {
      for (const token of tokens.values()) if (token.appid === appid) revoke(token, at)
    },
  }
}

export function revoke(token: IssuedToken | undefined, at: number): void {
  if (token && token.revokedAt > at) token.revokedAt = at
}

export function works(token: IssuedToken | undefined, at: number): token is IssuedToken {
  return token !== undefined && at < token.expiresAt && at < token.revokedAt
}
