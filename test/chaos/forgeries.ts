import { randomBytes } from 'node:crypto'
import { encrypt, signCallback } from '../../src/simulator/callbacks/crypto.ts'
import type { Chance } from './chance.ts'
import type { Desk } from './desk.ts'
import type { World } from './world.ts'

/** A request that WeChat never made. */
interface Forgery {
  name: string
  query: Record<string, string>
  body: string | Buffer
  contentType?: string
}

const strangeToken = 'not-the-token'
const strangeKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const hour = 3_600_000

/** Posts of every kind that must be refused; those that could be believed say that a message did not arrive. */
export function forge({ appid, simulator, desk }: World, chance: Chance): Forgery[] {
  const victims = [...simulator.accepted()].slice(-30)
  const victim = victims.length > 0 ? chance.pick(victims) : undefined
  const { token, encodingAesKey: key } = desk
  const receipt = toReceipt(victim?.openid ?? 'nobody', victim?.msgid ?? '1')
  const toForgery = (name: string, given: Partial<Secrets>): Forgery => ({
    name,
    ...sealReceipt(receipt, { appid, token, key, age: 0, ...given }),
  })
  const sound = sealReceipt(receipt, { appid, token, key, age: 0 })
  const { encrypt_type, msg_signature, ...plainQuery } = sound.query
  return [
    toForgery('signed with another token', { token: strangeToken }),
    toForgery('encrypted with another key', { key: strangeKey }),
    toForgery('meant for another account', { appid: 'wx0000000000000000' }),
    toForgery('two hours old', { age: 2 * hour }),
    { name: 'not encrypted', query: plainQuery, body: receipt },
    { name: 'not signed', query: { ...sound.query, msg_signature: '' }, body: sound.body },
    { name: 'with one bit more', query: sound.query, body: sound.body.replace('<Encrypt>', '<Encrypt>A') },
    { name: 'JSON', ...sound, contentType: 'application/json' },
    { name: 'bytes', query: sound.query, body: randomBytes(chance.count(0, 2_000)) },
    { name: 'too large', query: sound.query, body: Buffer.alloc(100_000, 'a') },
    { name: 'nested', query: sound.query, body: '<xml>'.repeat(5_000) },
    {
      name: 'a bomb',
      query: sound.query,
      body: `<!DOCTYPE x [<!ENTITY a "aaaa">]><xml>${'&a;'.repeat(9)}</xml>`,
    },
  ]
}

/** What was not refused as it should be; a server that is down at the moment refuses too. */
export async function post({ url }: Pick<Desk, 'url'>, forgeries: readonly Forgery[]): Promise<string[]> {
  const answers = forgeries.map(async ({ name, query, body, contentType = 'text/xml' }) => {
    const answer = await fetch(`${url}/wechat/callback?${new URLSearchParams(query)}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined)
    const isRefused = answer === undefined || (answer.status >= 400 && answer.status < 500)
    return isRefused ? [] : [`a forged post (${name}) was answered with ${answer.status}`]
  })
  return (await Promise.all(answers)).flat()
}

interface Secrets {
  appid: string
  token: string
  key: string
  /** Milliseconds. */
  age: number
}

function sealReceipt(message: string, { appid, token, key, age }: Secrets) {
  const timestamp = String(Math.floor((Date.now() - age) / 1_000))
  const nonce = '1320562132'
  const cipherText = encrypt(message, appid, key)
  return {
    query: {
      signature: signCallback(token, timestamp, nonce),
      timestamp,
      nonce,
      encrypt_type: 'aes',
      msg_signature: signCallback(token, timestamp, nonce, cipherText),
    },
    body: `<xml><Encrypt>${cipherText}</Encrypt></xml>`,
  }
}

function toReceipt(openid: string, msgid: string): string {
  const seconds = Math.floor(Date.now() / 1_000)
  return `<xml><ToUserName>gh_1</ToUserName><FromUserName>${openid}</FromUserName><CreateTime>${seconds}</CreateTime><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>${msgid}</MsgID><Status>failed:user block</Status></xml>`
}
