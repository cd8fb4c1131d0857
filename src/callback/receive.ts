import { hour, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage } from '../base/outage.ts'
import { decrypt, findEncrypt, isSignature } from './crypto.ts'
import { type CallbackEvent, type MessageFields, parseXml, toEvent } from './event.ts'
import type { CallbackRefusal, Refusals, Unusable } from './refusals.ts'
import type { CallbackAnswer, CallbackRequest } from './request.ts'

export interface CallbackAccount {
  appid: string
  /** The Token of the console's server settings. */
  token: string
  /** Current, then previous EncodingAESKey; with at least one, unencrypted messages are refused. */
  encodingAesKeys: readonly string[]
}

interface ReceiverDeps {
  accounts: readonly CallbackAccount[]
  /** Resolves when the event is safe on disk. */
  store(appid: string, event: CallbackEvent): Promise<Stored>
  /** Told of each message: what it is about, '' where nobody knows, and what became of it. */
  onMessage?: ((event: string, result: MessageResult) => void) | undefined
  refusals: Refusals
  log: Log
  now?: () => number
}

/** `repeated`: WeChat had posted it before. `ignored`: not for this account. */
export type Stored = 'stored' | 'repeated' | 'ignored'
/** `unusable`: well signed, and nothing can be made of it. `failed`: it could not be stored, and WeChat comes again. */
export type MessageResult = Stored | 'unusable' | 'refused' | 'failed'

export const maxBodyBytes = 64 * 1024
export const timestampTolerance = hour
/** Requests that wait for the database; beyond that WeChat is told to come again instead of filling the memory. */
const maxWaiting = 5_000

type Reading =
  | { kind: 'echo'; text: string }
  | { kind: 'event'; event: CallbackEvent }
  | { kind: 'ignored' }
  | { kind: 'unusable'; fault: Unusable; event: string | undefined }
  | CallbackRefusal

/**
 * Answers WeChat's message push: the URL check by GET and messages by POST, plain, compatible or encrypted. `success` is
 * answered once the event is stored; what it means is worked out later, because WeChat waits 5 seconds and then repeats.
 * It is also the answer to what is well signed and of no use: WeChat would repeat it and take this server for broken.
 */
export function createReceiver({
  accounts,
  store,
  onMessage = () => {},
  refusals,
  log,
  now = Date.now,
}: ReceiverDeps) {
  let waiting = 0
  const outage = createOutage<unknown>({
    onFail: (error) => log.error({ err: error }, 'callback events cannot be stored, WeChat will repeat them'),
    onPass: () => log.info('callback events can be stored again'),
  })

  return async (request: CallbackRequest): Promise<CallbackAnswer> => {
    const account = request.appid ? accounts.find((a) => a.appid === request.appid) : accounts[0]
    const reading = account ? read(request, account, now()) : 'unknown_account'
    if (typeof reading === 'string') {
      onMessage('', 'refused')
      return { status: refusals.record(reading, account?.appid), body: 'refused' }
    }
    if (reading.kind === 'echo') return { status: 200, body: reading.text }
    if (reading.kind === 'unusable') {
      refusals.recordUnusable(reading.fault, account?.appid, reading.event)
      onMessage('', 'unusable')
    }
    if (reading.kind === 'ignored') onMessage('', 'ignored')
    if (reading.kind === 'event' && account) {
      const result = await keep(account.appid, reading.event)
      onMessage(reading.event.kind, result)
      if (result === 'failed') return { status: 503, body: 'try again' }
    }
    return { status: 200, body: 'success' }
  }

  async function keep(appid: string, event: CallbackEvent): Promise<Stored | 'failed'> {
    if (waiting >= maxWaiting) return 'failed'
    waiting += 1
    try {
      const stored = await store(appid, event)
      outage.pass()
      return stored
    } catch (error) {
      outage.fail(error)
      return 'failed'
    } finally {
      waiting -= 1
    }
  }
}

function read(request: CallbackRequest, account: CallbackAccount, now: number): Reading {
  const { method, query, contentType } = request
  // Body parsers of some frameworks make an object of an absent body.
  const body = typeof request.body === 'string' ? request.body : ''
  if (method !== 'GET' && method !== 'POST') return 'method'
  if (method === 'POST' && contentType !== undefined && !isXml(contentType)) return 'content_type'
  if (Buffer.byteLength(body) > maxBodyBytes) return 'too_large'

  const {
    signature,
    timestamp,
    nonce,
    echostr,
    encrypt_type: encryptType,
    msg_signature: msgSignature,
  } = query
  if (typeof timestamp !== 'string' || typeof nonce !== 'string') return 'query'
  if (!isRecent(timestamp, now)) return 'timestamp'
  const isSigned = (given: unknown, ...parts: string[]) =>
    typeof given === 'string' && isSignature(account.token, [timestamp, nonce, ...parts], given)

  if (method === 'GET') {
    if (typeof echostr !== 'string') return 'query'
    return isSigned(signature) ? { kind: 'echo', text: echostr } : 'signature'
  }
  // `signature` does not cover the body and proves only the token; with a key the cipher text must be signed as well.
  if (account.encodingAesKeys.length === 0) {
    return isSigned(signature) ? readPlain(parseXml(body)) : 'signature'
  }
  if (encryptType !== 'aes') return 'unencrypted'
  const encrypt = findEncrypt(body)
  if (encrypt === undefined) return 'xml'
  if (!isSigned(msgSignature, encrypt)) return 'signature'
  const opened = decrypt(encrypt, account.appid, account.encodingAesKeys)
  return opened.ok ? readPlain(parseXml(opened.xml)) : 'cipher'
}

function readPlain(fields: MessageFields | undefined): Reading {
  if (!fields) return { kind: 'unusable', fault: 'unreadable', event: undefined }
  const event = toEvent(fields)
  if (event === 'ignored') return { kind: 'ignored' }
  if (event) return { kind: 'event', event }
  return fields.has('Encrypt')
    ? 'no_key'
    : { kind: 'unusable', fault: 'fields', event: fields.get('Event') ?? fields.get('MsgType') }
}

function isXml(contentType: string): boolean {
  return /^\s*(text|application)\/xml\s*(;|$)/i.test(contentType)
}

function isRecent(timestamp: string, now: number): boolean {
  return /^\d{1,11}$/.test(timestamp) && Math.abs(now - Number(timestamp) * second) <= timestampTolerance
}
