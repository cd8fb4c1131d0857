import { createCipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decryptData } from '../../src/identity/decrypt.ts'

const appid = 'wx5ab1e0feedc0ffee'
const now = Date.parse('2026-11-20T12:00:00Z')
const key = randomBytes(16)

/** Encrypted with the right key, but for the padding, which is part of `plain`. */
function decrypt(plain: Buffer) {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false)
  return decryptData({
    encryptedData: Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64'),
    iv: iv.toString('base64'),
    sessionKey: key.toString('base64'),
    appid,
    now,
  })
}

function pad(text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text)
  const length = 16 - (bytes.length % 16)
  return Buffer.concat([bytes, Buffer.alloc(length, length)])
}

test('any bytes under the right key, with any padding, give one and the same refusal', () => {
  const blocks = fc.integer({ min: 0, max: 6 }).chain((count) => {
    const length = 16 * count
    return fc.uint8Array({ minLength: length, maxLength: length })
  })
  fc.assert(
    fc.property(fc.oneof(blocks, fc.uint8Array({ maxLength: 90 }).map(pad)), (bytes) => {
      const reason = bytes.length > 0 && bytes.length % 16 === 0 ? 'undecryptable' : 'damaged'
      expect(decrypt(Buffer.from(bytes))).toEqual({ ok: false, reason })
    }),
    { numRuns: 2_000 },
  )
})

test('any JSON under the right key is user data with a watermark of ours, or refused', () => {
  const any = fc.jsonValue({ maxDepth: 3 })
  const watermark = fc.oneof(
    any,
    fc.record({ appid: fc.constantFrom(appid, 'wx0'), timestamp: fc.oneof(any, fc.constant(now / 1_000)) }),
  )
  const data = fc.oneof(any, fc.record({ openId: any, unionId: any, watermark }, { requiredKeys: [] }))
  fc.assert(
    fc.property(data, (value) => {
      const decrypted = decrypt(pad(JSON.stringify(value)))
      if (!decrypted.ok) return
      expect(decrypted.data.watermark).toMatchObject({ appid, timestamp: now / 1_000 })
      for (const id of [decrypted.data.openId, decrypted.data.unionId]) expect(id ?? 'x').not.toBe('')
    }),
    { numRuns: 1_000 },
  )
})
