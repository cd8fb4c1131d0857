import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Keeps session_keys unreadable in the database and its backups. */
export interface Vault {
  /** The sealed text opens only for the same `owner`, so that it cannot be moved to another user's row. */
  seal(plain: string, owner: string): string
  /** `undefined` when it was sealed under another secret, for another owner, or was tampered with. */
  open(sealed: string, owner: string): string | undefined
}

const version = 'v1.'
const nonceBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM under a key derived (HKDF-SHA256) from the mini-program's AppSecret: nothing more to configure.
 * After a reset of the AppSecret old session_keys stay shut, and users just log in again.
 */
export function createVault({ appid, secret }: { appid: string; secret: string }): Vault {
  const key = Buffer.from(hkdfSync('sha256', secret, appid, 'unionpush session_key', 32))
  return {
    seal(plain, owner) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner))
      const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return version + sealed.toString('base64url')
    },
    open(sealed, owner) {
      const bytes = Buffer.from(sealed.slice(version.length), 'base64url')
      if (!sealed.startsWith(version) || bytes.length < nonceBytes + tagBytes) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(-tagBytes))
      try {
        return (
          decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
        )
      } catch {
        return undefined
      }
    },
  }
}
