import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decrypt, isSignature, sign } from '../../src/callback/crypto.ts'
import { callbackAccount, eventXml, previousAesKey, seal, sealOne } from '../helpers/seal.ts'

const { appid, token, encodingAesKey } = callbackAccount
const open = (encrypt: string) => decrypt(encrypt, appid, [encodingAesKey])

describe('signature', () => {
  test('is the SHA-1 of the sorted parts, as an independent sender makes it', () => {
    const { query, encrypt } = sealOne({ message: 'x' })
    const parts = [query.timestamp ?? '', query.nonce ?? '']
    expect(isSignature(token, parts, query.signature ?? '')).toBe(true)
    expect(isSignature(token, [...parts, encrypt], query.msg_signature ?? '')).toBe(true)
  })

  test('sorts by character code, capitals before small letters, digits before both', () => {
    expect(sign(['b', 'B', '10', '9'])).toBe(sign(['109Bb']))
  })

  test.each(['', 'a', 'A'.repeat(40), 'f'.repeat(39), 'f'.repeat(41), '\u{1f600}'.repeat(10)])(
    '%j is none',
    (given) => {
      expect(isSignature(token, ['1', '2'], given)).toBe(false)
    },
  )

  test('a signature made with another token is none', () => {
    expect(isSignature('other', ['1', '2'], sign([token, '1', '2']))).toBe(false)
  })
})

describe('decrypt', () => {
  test('opens messages of every padding from 1 to 32', () => {
    const messages = Array.from({ length: 32 }, (_, extra) => `${eventXml('subscribe')}${'\n'.repeat(extra)}`)
    const sealed = seal(messages.map((message) => ({ message })))
    expect(new Set(sealed.map((s) => s.pad)).size).toBe(32)
    expect(sealed.map((s) => open(s.encrypt))).toEqual(
      messages.map((xml) => ({ ok: true, xml, key: encodingAesKey })),
    )
  })

  test('counts the message in bytes and keeps the white space around it', () => {
    const messages = ['', ' \n<xml/>\n ', '我是中文\u{1f680}', '\0\x01']
    const opened = seal(messages.map((message) => ({ message }))).map((s) => open(s.encrypt))
    expect(opened).toEqual(messages.map((xml) => ({ ok: true, xml, key: encodingAesKey })))
  })

  test('takes keys that are not canonical base64, as most of those WeChat gives out', () => {
    expect(Buffer.from(`${encodingAesKey}=`, 'base64').toString('base64')).not.toBe(`${encodingAesKey}=`)
    expect(open(sealOne({ message: 'x' }).encrypt).ok).toBe(true)
  })

  test('falls back to the previous key and says which one fitted', () => {
    const { encrypt } = sealOne({ message: 'x', key: previousAesKey })
    expect(open(encrypt)).toEqual({ ok: false })
    expect(decrypt(encrypt, appid, [encodingAesKey, previousAesKey])).toEqual({
      ok: true,
      xml: 'x',
      key: previousAesKey,
    })
  })

  test('refuses a message for another account', () => {
    const others = ['wx0000000000000000', `${appid}0`, `0${appid}`, appid.slice(1), appid.slice(0, -1), '']
    for (const s of seal(others.map((other) => ({ message: 'x', appid: other })))) {
      expect(open(s.encrypt)).toEqual({ ok: false })
    }
  })

  test('refuses bad padding and a length that does not fit', () => {
    const message = 'x'.repeat(32 - 16 - 4 - appid.length + 32)
    const paddings = [
      Array(32).fill(0),
      Array(32).fill(33),
      [...Array(31).fill(32), 31],
      [31, ...Array(31).fill(32)],
      Array(16).fill(255),
      Array(96).fill(96),
    ]
    const lengths = [0, message.length - 1, message.length + 1, 0x7fffffff, 0xffffffff]
    const sealed = seal([
      ...paddings.map((padding) => ({ message, padding })),
      ...lengths.map((length) => ({ message, length })),
    ])
    expect(sealed.map((s) => open(s.encrypt))).toEqual(sealed.map(() => ({ ok: false })))
    expect(open(sealOne({ message, padding: Array(32).fill(32) }).encrypt).ok).toBe(true)
  })

  test('a changed byte never yields the message that was sent, whatever byte it is', () => {
    const message = eventXml('TEMPLATESENDJOBFINISH', { MsgID: '1226691075109289985', Status: 'success' })
    const cipherText = Buffer.from(sealOne({ message }).encrypt, 'base64')
    for (let index = 0; index < cipherText.length; index++) {
      const changed = Buffer.from(cipherText)
      changed[index] = (changed[index] ?? 0) ^ 0x01
      const opened = open(changed.toString('base64'))
      if (opened.ok) expect(opened.xml).not.toBe(message)
    }
  })

  test('cut off anywhere it is refused', () => {
    const { encrypt } = sealOne({ message: 'x'.repeat(50) })
    for (let length = 0; length < encrypt.length - 2; length++) {
      expect(open(encrypt.slice(0, length))).toEqual({ ok: false })
    }
  })

  test('whatever it is given it refuses, it never throws', () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('base64'))
    fc.assert(
      fc.property(fc.oneof(fc.string(), bytes, fc.base64String()), (encrypt) => {
        expect(open(encrypt)).toEqual({ ok: false })
      }),
      { numRuns: 2_000 },
    )
  })
})
