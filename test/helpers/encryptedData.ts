import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

interface Sealed {
  encryptedData: string
  iv: string
}

/** A session_key as WeChat issues them: 16 bytes in base64. */
export function createSessionKey(): string {
  return randomBytes(16).toString('base64')
}

/** Encrypts as WeChat does, by the openssl program: an implementation that is not ours. */
export function encryptByOpenssl(plain: string | Buffer, sessionKey: string, ...flags: string[]): Sealed {
  const iv = randomBytes(16)
  const key = Buffer.from(sessionKey, 'base64')
  const args = ['enc', '-aes-128-cbc', '-K', key.toString('hex'), '-iv', iv.toString('hex'), ...flags]
  return {
    encryptedData: execFileSync('openssl', args, { input: plain }).toString('base64'),
    iv: iv.toString('base64'),
  }
}

/** The signature of rawData, by the openssl program. */
export function signByOpenssl(rawData: string, sessionKey: string): string {
  const output = execFileSync('openssl', ['dgst', '-sha1', '-r'], { input: rawData + sessionKey })
  return output.toString().slice(0, 40)
}
