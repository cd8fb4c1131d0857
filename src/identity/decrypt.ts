import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { hour } from '../base/duration.ts'
import { parseJson } from '../wechat/answer.ts'
import type { EncryptedData } from './states.ts'

interface DecryptOptions extends EncryptedData {
  sessionKey: string
  /** The mini-program the data must be meant for. */
  appid: string
  /** Epoch milliseconds. */
  now: number
}

export type DecryptedData =
  | { ok: true; data: UserData }
  /** `undecryptable`: made with another session_key, or not made by WeChat at all; `damaged`: no cipher text at all. */
  | { ok: false; reason: 'damaged' | 'undecryptable' | 'other_app' | 'too_old' }

/** WeChat writes an id that it does not tell as nothing, null or empty. */
const id = z
  .string()
  .nullish()
  .transform((text) => text || undefined)
const userData = z.looseObject({
  openId: id,
  unionId: id,
  watermark: z.looseObject({ appid: z.string(), timestamp: z.number() }),
})
type UserData = z.infer<typeof userData>

/** How far WeChat's clock in the watermark may be from ours; leaves room for slow phones and skewed clocks. */
const watermarkTolerance = hour

/**
 * Opens data that WeChat encrypted for the mini-program with the user's session_key.
 * The cipher carries no authentication, so every fault up to the parsed text gives the same answer: one that
 * told bad padding from bad text would let a user forge data under a session_key he never sees.
 */
export function decryptData(options: DecryptOptions): DecryptedData {
  const iv = fromBase64(options.iv)
  const cipherText = fromBase64(options.encryptedData)
  // Whoever sent it can see that as well.
  if (iv?.length !== blockBytes || !cipherText) return { ok: false, reason: 'damaged' }
  const data = parse(decipher(options.sessionKey, iv, cipherText))
  if (!data) return { ok: false, reason: 'undecryptable' }
  if (data.watermark.appid !== options.appid) return { ok: false, reason: 'other_app' }
  const age = Math.abs(options.now - data.watermark.timestamp * 1000)
  return age <= watermarkTolerance ? { ok: true, data } : { ok: false, reason: 'too_old' }
}

interface SignedRawData {
  rawData: string
  signature: string
  sessionKey: string
}

/** Whether `signature` is WeChat's SHA-1 over rawData and session_key; compared in constant time. */
export function isSignedRawData({ rawData, signature, sessionKey }: SignedRawData): boolean {
  const expected = createHash('sha1')
    .update(rawData + sessionKey)
    .digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const blockBytes = 16

/**
 * Whole blocks from base64 that met a form on its way: percent-encoded, perhaps twice, or with blanks for its `+`. Blanks
 * that make no whole blocks so are only that, as are line breaks.
 */
function fromBase64(text: string): Buffer | undefined {
  const decoded = withoutPercents(text).replace(/[\r\n\t]/g, '')
  for (const candidate of [decoded.replaceAll(' ', '+'), decoded.replaceAll(' ', '')]) {
    if (!/^[\w+/-]+={0,2}$/.test(candidate)) continue
    const bytes = Buffer.from(candidate, 'base64')
    if (bytes.length > 0 && bytes.length % blockBytes === 0) return bytes
  }
  return undefined
}

function withoutPercents(text: string): string {
  let decoded = text
  try {
    for (let times = 0; times < 2 && decoded.includes('%'); times++) decoded = decodeURIComponent(decoded)
  } catch {
    return text
  }
  return decoded
}

function decipher(sessionKey: string, iv: Buffer, cipherText: Buffer): Buffer | undefined {
  const key = Buffer.from(sessionKey, 'base64')
  if (key.length !== blockBytes) return undefined
  const cipher = createDecipheriv('aes-128-cbc', key, iv)
  try {
    return Buffer.concat([cipher.update(cipherText), cipher.final()])
  } catch {
    return undefined
  }
}

/** Broken UTF-8 is not repaired: it is what a block that somebody has changed looks like. */
function parse(plain: Buffer | undefined): UserData | undefined {
  try {
    return userData.parse(parseJson(new TextDecoder('utf-8', { fatal: true }).decode(plain)))
  } catch {
    return undefined
  }
}
