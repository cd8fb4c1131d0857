import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'

/** WeChat pads to 32 bytes; the cipher's own 16-byte padding would refuse pads of 17 to 32. */
const padBlock = 32
const cipherBlock = 16
const randomBytes = 16
const headBytes = randomBytes + 4

/** WeChat's signature: SHA-1 in hex over the parts, sorted by character code and joined. */
export function sign(parts: readonly string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex')
}

/** Whether `given` signs the token and the parts; takes the same time wherever they differ. */
export function isSignature(token: string, parts: readonly string[], given: string): boolean {
  const expected = Buffer.from(sign([token, ...parts]))
  const actual = Buffer.from(given)
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

/** CDATA sections hold the words of users, who may write any tag; an unclosed one reaches to the end. */
const encryptOrCdata =
  /<Encrypt>([^<\]]*(?:<!\[CDATA\[[^<\]]*\]\]>[^<\]]*)?)<\/Encrypt>|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g

/**
 * The `Encrypt` text of a body nobody has signed yet: found by one linear scan, because parsing costs a stranger nothing and
 * us a tenth of a second for a body full of tags.
 */
export function findEncrypt(body: string): string | undefined {
  for (const [, inner] of body.matchAll(encryptOrCdata)) {
    if (inner !== undefined) return inner.replace(/<!\[CDATA\[|\]\]>/g, '').trim() || undefined
  }
  return undefined
}

export type DecryptedMessage = { ok: true; xml: string; key: string } | { ok: false }

/**
 * Opens an `Encrypt` text addressed to `appid` with the first of the EncodingAESKeys that fits (current, then previous).
 * There is one failure whatever is wrong, so that an answer never tells a bad padding from a bad appid.
 */
export function decrypt(encrypt: string, appid: string, keys: readonly string[]): DecryptedMessage {
  for (const key of keys) {
    const xml = open(Buffer.from(encrypt, 'base64'), Buffer.from(appid), Buffer.from(`${key}=`, 'base64'))
    if (xml !== undefined) return { ok: true, xml, key }
  }
  return { ok: false }
}

/** Plain text: 16 random bytes, the length of the message in bytes (big-endian), the message, the appid, padding. */
function open(cipherText: Buffer, appid: Buffer, aesKey: Buffer): string | undefined {
  if (cipherText.length === 0 || cipherText.length % cipherBlock !== 0) return undefined
  const decipher = createDecipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
  const plain = withoutPadding(Buffer.concat([decipher.update(cipherText), decipher.final()]))
  if (!plain || plain.length < headBytes) return undefined
  const end = headBytes + plain.readUInt32BE(randomBytes)
  return plain.subarray(end).equals(appid) && end <= plain.length
    ? plain.toString('utf8', headBytes, end)
    : undefined
}

function withoutPadding(padded: Buffer): Buffer | undefined {
  const length = padded.at(-1) ?? 0
  if (length < 1 || length > padBlock || length > padded.length) return undefined
  const end = padded.length - length
  return padded.subarray(end).every((byte) => byte === length) ? padded.subarray(0, end) : undefined
}
