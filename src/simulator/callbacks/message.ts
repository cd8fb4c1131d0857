import { encrypt, signCallback } from './crypto.ts'
import type { RaisedEvent } from './event.ts'
import type { CallbackSettings } from './settings.ts'

export interface CallbackNames {
  appid: string
  /** The account's name, `gh_...`. */
  originalId: string
  /** Who sends the events that WeChat itself is the author of. */
  platformId: string
}

/** A message ready to be posted. */
export interface SealedMessage {
  target: string
  body: string
}

/** The query of every request: `signature` proves the token. `at` is epoch milliseconds. */
export function toSignedQuery(token: string, at: number, random: () => number) {
  const timestamp = String(Math.floor(at / 1000))
  const nonce = String(Math.floor(random() * 2 ** 31))
  return { signature: signCallback(token, timestamp, nonce), timestamp, nonce }
}

/** A query of its own that the URL has stays. */
export function toTarget(url: string, query: Record<string, string>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`
}

/** The event as WeChat posts it in the mode of the settings, signed at `at`. */
export function seal(
  event: RaisedEvent,
  settings: CallbackSettings,
  names: CallbackNames,
  at: number,
  random: () => number,
): SealedMessage {
  const { url, token, mode, encodingAesKey } = settings
  const { fields, sender } = toFields(event, names)
  const query = { ...toSignedQuery(token, at, random), openid: sender }
  const plain = `<xml>${fields}</xml>`
  if (mode === 'plain') return { target: toTarget(url, query), body: plain }

  const cipherText = encrypt(plain, names.appid, encodingAesKey)
  const encrypted = toText('Encrypt', cipherText)
  const signature = signCallback(token, query.timestamp, query.nonce, cipherText)
  return {
    target: toTarget(url, { ...query, encrypt_type: 'aes', msg_signature: signature }),
    body: `<xml>${mode === 'safe' ? toText('ToUserName', names.originalId) : fields}${encrypted}</xml>`,
  }
}

function toFields(event: RaisedEvent, names: CallbackNames) {
  const { event: name, openid, at } = event
  const isFromUser = !name.startsWith('user_')
  const sender = isFromUser ? openid : names.platformId
  const head = [
    toText('ToUserName', names.originalId),
    toText('FromUserName', sender),
    `<CreateTime>${Math.floor(at / 1000)}</CreateTime>\n`,
    toText('MsgType', 'event'),
    toText('Event', name),
  ]
  return { sender, fields: `${head.join('')}${toDetails(event, names)}` }
}

function toDetails(
  { event, openid, eventKey, msgid, status, appid, revokeInfo }: RaisedEvent,
  names: CallbackNames,
) {
  switch (event) {
    case 'subscribe':
      return (
        toText('EventKey', eventKey ?? '') +
        (eventKey?.startsWith('qrscene_') ? toText('Ticket', ticket) : '')
      )
    case 'unsubscribe':
      return toText('EventKey', '')
    case 'TEMPLATESENDJOBFINISH':
      return `<MsgID>${msgid ?? 0}</MsgID>\n${toText('Status', status ?? 'success')}`
    case 'user_info_modified':
    case 'user_authorization_revoke':
    case 'user_authorization_cancellation':
      return (
        toText('OpenID', openid) +
        toText('AppID', appid ?? names.appid) +
        toText('RevokeInfo', revokeInfo ?? '')
      )
  }
}

/** Of a QR code that means nothing. */
const ticket = `gQ${'simulated'.repeat(10)}AAAA==`

function toText(tag: string, text: string): string {
  return `<${tag}><![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]></${tag}>\n`
}
