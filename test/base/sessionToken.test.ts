import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createSessionToken, toTokenHash } from '../../src/base/sessionToken.ts'

describe('session token', () => {
  it('is 256 random bits in characters that a header carries as they are', () => {
    const tokens = Array.from({ length: 1000 }, createSessionToken)
    expect(new Set(tokens).size).toBe(1000)
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(Buffer.from(tokens[0] ?? '', 'base64url')).toHaveLength(32)
  })

  it('is stored as its SHA-256', () => {
    const token = createSessionToken()
    const digest = execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: token })
    expect(toTokenHash(token)).toBe(digest.toString('base64url'))
  })

  it.each(['', 'x', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}=`, `${'a'.repeat(43)}\n`])(
    'is not %j',
    (text) => {
      expect(toTokenHash(text)).toBeUndefined()
    },
  )
})
