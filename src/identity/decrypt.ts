import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { hour } from '../duration.ts'
import type { EncryptedData } from './states.ts'

interface DecryptOptions extends EncryptedData {
  sessionKey: string
  /** The mini-program the data must be meant for. */
  appid: string
  /** Epoch milliseconds. */
  now: number
}

export type Decrypted =
  | { ok: true; data: UserData }
  /** `undecryptable`: made with another session_key, or not made by WeChat at all. */
  | { ok: false; reason: 'undecryptable' | 'other_app' | 'too_old' }

const userData = z.looseObject({
  openId: z.string().min(1).optional(),
  unionId: z.string().min(1).optional(),
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
export function decryptData(options: DecryptOptions): Decrypted {
  const data = parse(decipher(options))
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

function decipher({ sessionKey, encryptedData, iv }: DecryptOptions): Buffer | undefined {
  // Buffer skips the line breaks that base64 picks up on its way through some clients.
  const [key, vector, data] = [sessionKey, iv, encryptedData].map((text) => Buffer.from(text, 'base64'))
  if (key?.length !== 16 || vector?.length !== 16 || !data) return undefined
  const cipher = createDecipheriv('aes-128-cbc', key, vector)
  try {
    return Buffer.concat([cipher.update(data), cipher.final()])
  } catch {
    return undefined
  }
}

function parse(plain: Buffer | undefined): UserData | undefined {
  try {
    return userData.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain)))
  } catch {
    return undefined
  }
}
