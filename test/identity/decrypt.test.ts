import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hour, minute } from '../../src/base/duration.ts'
import { decryptData, isSignedRawData } from '../../src/identity/decrypt.ts'
import { createSessionKey, encryptByOpenssl, signByOpenssl } from '../helpers/encryptedData.ts'

const appid = 'wx5ab1e0feedc0ffee'
const now = Date.UTC(2026, 10, 20, 7, 1)
const sessionKey = createSessionKey()
const user = {
  openId: 'oMiniProgramUser-0001',
  nickName: '微信用户 🐟',
  unionId: 'oUnion_0001',
  watermark: { appid, timestamp: now / 1000 },
}
const undecryptable = { ok: false, reason: 'undecryptable' }
const damaged = { ok: false, reason: 'damaged' }

function decrypt(given: Partial<Parameters<typeof decryptData>[0]>) {
  return decryptData({ encryptedData: '', iv: '', sessionKey, appid, now, ...given })
}

function decryptText(plain: string | Buffer) {
  return decrypt(encryptByOpenssl(plain, sessionKey))
}

describe('encrypted user data', () => {
  it('opens data that openssl encrypted', () => {
    expect(decryptText(JSON.stringify(user))).toEqual({ ok: true, data: user })
  })

  it('accepts base64 broken into lines', () => {
    const { encryptedData, iv } = encryptByOpenssl(JSON.stringify(user), sessionKey)
    const broken = encryptedData.replace(/.{64}/g, '$&\r\n')
    expect(broken).not.toBe(encryptedData)
    expect(decrypt({ encryptedData: broken, iv: ` ${iv}\n` })).toEqual({ ok: true, data: user })
  })

  /** Enough of them that '+', '/' and '=' all occur. */
  const manySealed = Array.from({ length: 8 }, (_, n) =>
    encryptByOpenssl(JSON.stringify({ ...user, n }), sessionKey),
  )
  it.each([
    ['blanks for +', (text: string) => text.replaceAll('+', ' ')],
    ['percent-encoded', encodeURIComponent],
    ['percent-encoded twice', (text: string) => encodeURIComponent(encodeURIComponent(text))],
    ['percent-encoded with blanks for +', (text: string) => encodeURIComponent(text.replaceAll('+', ' '))],
    ['broken into words', (text: string) => text.replace(/.{40}/g, '$& ')],
  ])('opens base64 that was damaged on its way: %s', (_, damage) => {
    expect(manySealed.map(({ encryptedData, iv }) => encryptedData + iv).join('')).toMatch(/(?=.*\+)(?=.*\/)/)
    for (const { encryptedData, iv } of manySealed) {
      const opened = decrypt({ encryptedData: damage(encryptedData), iv: damage(iv) })
      expect(opened).toMatchObject({ ok: true, data: user })
    }
  })

  it('opens JSON with raw control characters, and takes an id that is null or empty for none', () => {
    const text = JSON.stringify({ ...user, nickName: 'a|b' }).replace('|', '\u0001\n')
    expect(decryptText(text)).toEqual({ ok: true, data: { ...user, nickName: 'ab' } })
    for (const unionId of [null, '']) {
      const { unionId: _, ...rest } = user
      expect(decryptText(JSON.stringify({ ...rest, unionId }))).toEqual({ ok: true, data: rest })
    }
  })

  it('says of what is no base64 of whole blocks that it is damaged', () => {
    const { encryptedData, iv } = encryptByOpenssl(JSON.stringify(user), sessionKey)
    for (const wrong of ['', 'no base64!', encryptedData.slice(0, -12), '%', '%zz', `${encryptedData}%`]) {
      expect(decrypt({ encryptedData: wrong, iv })).toEqual(damaged)
    }
    for (const wrong of ['', iv.slice(4), encryptedData, 'undefined']) {
      expect(decrypt({ encryptedData, iv: wrong })).toEqual(damaged)
    }
  })

  it('refuses data made with another session_key', () => {
    expect(decrypt(encryptByOpenssl(JSON.stringify(user), createSessionKey()))).toEqual(undecryptable)
  })

  it('refuses bad padding', () => {
    const sealed = encryptByOpenssl(Buffer.alloc(256, '{"openId":1}    '), sessionKey, '-nopad')
    expect(decrypt(sealed)).toEqual(undecryptable)
  })

  it('refuses a session_key that is not 16 bytes', () => {
    const sealed = encryptByOpenssl(JSON.stringify(user), sessionKey)
    expect(decrypt({ ...sealed, sessionKey: `AAAA${sessionKey}` })).toEqual(undecryptable)
  })

  it.each([
    ['plain text', 'not json'],
    ['an array', '[1,2]'],
    ['null', 'null'],
    ['an object without a watermark', '{"openId":"o1"}'],
    ['a watermark of other types', '{"watermark":{"appid":1,"timestamp":"now"}}'],
    ['an unionId of another type', JSON.stringify({ ...user, unionId: 7 })],
    ['broken UTF-8', Buffer.from([...Buffer.from('{"openId":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
  ])('refuses %s as content', (_, plain) => {
    expect(decryptText(plain)).toEqual(undecryptable)
  })

  it('refuses data meant for another mini-program', () => {
    const other = { ...user, watermark: { ...user.watermark, appid: 'wxotherotherother' } }
    expect(decryptText(JSON.stringify(other))).toEqual({ ok: false, reason: 'other_app' })
  })

  it('refuses a watermark more than an hour away from our clock', () => {
    const at = (ms: number) =>
      decryptText(JSON.stringify({ ...user, watermark: { appid, timestamp: Math.round(ms / 1000) } })).ok
    expect(at(now - hour + minute)).toBe(true)
    expect(at(now + hour - minute)).toBe(true)
    expect(at(now - hour - minute)).toBe(false)
    expect(at(now + hour + minute)).toBe(false)
  })

  it('answers whatever comes in, and never with data that was not encrypted for it', () => {
    const base64 = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), base64)
    fc.assert(
      fc.property(anyText, anyText, anyText, (encryptedData, iv, key) => {
        const opened = decrypt({ encryptedData, iv, sessionKey: key })
        expect([undecryptable, damaged]).toContainEqual(opened)
      }),
    )
  })

  it('never opens changed data as what it was, and says nothing of where it failed', () => {
    const sealed = encryptByOpenssl(JSON.stringify(user), sessionKey)
    const bytes = Buffer.from(sealed.encryptedData, 'base64')
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const forged = Buffer.from(bytes)
        forged[position] = (forged[position] ?? 0) ^ change
        expect(decrypt({ ...sealed, encryptedData: forged.toString('base64') })).toEqual(undecryptable)
      }),
    )
  })
})

describe('signature of rawData', () => {
  const rawData = '{"nickName":"微信用户","gender":0}'
  const signature = signByOpenssl(rawData, sessionKey)

  it('is true for what openssl signed, in either case of the digits', () => {
    expect(isSignedRawData({ rawData, signature, sessionKey })).toBe(true)
    expect(isSignedRawData({ rawData, signature: signature.toUpperCase(), sessionKey })).toBe(true)
  })

  it('is false for other data, another key, and text that is no signature', () => {
    expect(isSignedRawData({ rawData: `${rawData} `, signature, sessionKey })).toBe(false)
    expect(isSignedRawData({ rawData, signature, sessionKey: createSessionKey() })).toBe(false)
    for (const text of ['', 'nonsense', signature.slice(2), `${signature}00`, 'g'.repeat(40)]) {
      expect(isSignedRawData({ rawData, signature: text, sessionKey })).toBe(false)
    }
  })
})
