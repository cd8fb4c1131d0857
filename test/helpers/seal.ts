import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

export const callbackAccount = {
  appid: 'wx5823bf96d3bd56c7',
  token: 'QDG6eK',
  encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
}
export const previousAesKey = 'oGNzLW2wbtUTDZ0rbEXQjXSkwzqSPQf9zGTvRLk1pVA'

interface Push {
  message: string
  token?: string
  key?: string
  appid?: string
  /** Epoch milliseconds. */
  at?: number
  padding?: number[]
  length?: number
}

const sealed = z.object({
  encrypt: z.string(),
  query: z.record(z.string(), z.string()),
  search: z.string(),
  body: z.string(),
  pad: z.number(),
})
export type Sealed = z.infer<typeof sealed>

/** Encrypted pushes as WeChat posts them, made by python3 and the openssl command. */
export function seal(pushes: readonly Push[]): Sealed[] {
  const { token, encodingAesKey, appid } = callbackAccount
  const input = pushes.map(({ at = Date.now(), ...push }, index) => ({
    token,
    key: encodingAesKey,
    appid,
    timestamp: String(Math.floor(at / 1000)),
    nonce: String(372_623_558 + index),
    ...push,
  }))
  const script = fileURLToPath(new URL('seal.py', import.meta.url))
  return z
    .array(sealed)
    .parse(JSON.parse(execFileSync('python3', [script], { input: JSON.stringify(input) }).toString()))
}

export function sealOne(push: Push): Sealed {
  const [first] = seal([push])
  if (!first) throw new Error('nothing sealed')
  return first
}

/** The query of a plain push or URL check. */
export function plainQuery({ at = Date.now(), token = callbackAccount.token } = {}) {
  const timestamp = String(Math.floor(at / 1000))
  const nonce = '1320562132'
  const signature = createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest('hex')
  return { signature, timestamp, nonce }
}

/** An event as WeChat writes it: text in CDATA, numbers plain. */
export function eventXml(event: string, fields: Record<string, string | number> = {}): string {
  const all = {
    ToUserName: 'gh_e136c6e50636',
    FromUserName: 'oMgHVjngRipVsoxg6TuX3vz6glDg',
    CreateTime: Math.floor(Date.now() / 1000),
    MsgType: 'event',
    Event: event,
    ...fields,
  }
  const tags = Object.entries(all).map(([name, value]) => {
    const content = typeof value === 'number' || name === 'MsgID' ? value : `<![CDATA[${value}]]>`
    return `<${name}>${content}</${name}>`
  })
  return `<xml>${tags.join('\n')}</xml>`
}
