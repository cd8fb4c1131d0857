import { createHash, randomBytes } from 'node:crypto'

/** A new opaque session token: 256 random bits as 43 characters of base64url. */
export function createSessionToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * What the database keeps instead of the token, so that a stolen copy of it opens no session.
 * A plain hash suffices: 256 random bits cannot be guessed from it.
 * @returns undefined for text that no session token looks like
 */
export function toTokenHash(token: string): string | undefined {
  return /^[\w-]{43}$/.test(token) ? createHash('sha256').update(token).digest('base64url') : undefined
}
