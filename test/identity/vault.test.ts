import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVault } from '../../src/identity/vault.ts'

const account = { appid: 'wx5ab1e0feedc0ffee', secret: '0123456789abcdef0123456789abcdef' }
const vault = createVault(account)

describe('vault', () => {
  it('opens what it sealed, for the same owner, in any process with the same secret', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, owner) => {
        expect(createVault(account).open(vault.seal(plain, owner), owner)).toBe(plain)
      }),
    )
  })

  it('seals the same text differently each time and shows nothing of it', () => {
    const sealed = [
      vault.seal('c2Vzc2lvbi1rZXktMDAwMQ==', 'o1'),
      vault.seal('c2Vzc2lvbi1rZXktMDAwMQ==', 'o1'),
    ]
    expect(new Set(sealed).size).toBe(2)
    const bytes = Buffer.from(sealed[0]?.slice(3) ?? '', 'base64url').toString('latin1')
    expect(bytes).toHaveLength(12 + 24 + 16)
    expect(bytes).not.toContain('c2Vzc2')
  })

  it('does not open for another owner, secret or mini-program', () => {
    const sealed = vault.seal('key', 'o1')
    expect(vault.open(sealed, 'o2')).toBeUndefined()
    expect(createVault({ ...account, secret: 'other' }).open(sealed, 'o1')).toBeUndefined()
    expect(createVault({ ...account, appid: 'wxother' }).open(sealed, 'o1')).toBeUndefined()
  })

  it('does not open what was changed or was never sealed', () => {
    const sealed = vault.seal('key', 'o1')
    const bytes = Buffer.from(sealed.slice(3), 'base64url')
    for (const position of bytes.keys()) {
      const changed = Buffer.from(bytes)
      changed[position] = (changed[position] ?? 0) ^ 1
      expect(vault.open(`v1.${changed.toString('base64url')}`, 'o1')).toBeUndefined()
    }
    expect(vault.open(sealed.slice(0, -4), 'o1')).toBeUndefined()
    expect(vault.open(sealed.replace('v1.', 'v2.'), 'o1')).toBeUndefined()
    for (const text of ['', 'v1.', 'v1.AAAA', 'plain session key'])
      expect(vault.open(text, 'o1')).toBeUndefined()
  })
})
