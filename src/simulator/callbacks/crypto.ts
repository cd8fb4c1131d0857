import { createCipheriv, createHash, randomFillSync } from 'node:crypto'

const headBytes = 20
/** WeChat pads to 32 bytes, twice the block of the cipher. */
const padBlock = 32

/** SHA-1 in hex over the parts, sorted by character code and joined. */
export function signCallback(...parts: string[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

/** 16 random bytes, the length of the message in bytes (big-endian), the message, the appid, padding: AES-256-CBC, base64. */
export function encrypt(message: string, appid: string, encodingAesKey: string): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  const messageBytes = Buffer.byteLength(message)
  const length = headBytes + messageBytes + Buffer.byteLength(appid)
  const pad = padBlock - (length % padBlock)
  const plain = Buffer.alloc(length + pad, pad)
  randomFillSync(plain, 0, 16)
  plain.writeUInt32BE(messageBytes, 16)
  plain.write(message, headBytes)
  plain.write(appid, headBytes + messageBytes)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64')
}
