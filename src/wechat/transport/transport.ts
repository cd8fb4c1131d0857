import type { ProxyConfig } from '../../base/config.ts'
import { second } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { WechatNetworkError } from '../errors.ts'

export interface TransportRequest {
  method: 'GET' | 'POST'
  /** Scheme, host and an optional path prefix, without a slash at the end. */
  base: string
  path: string
  /** Begins with `?` unless empty. Belongs in no message: it holds the access_token. */
  query: string
  /** JSON text. */
  body: string | undefined
  signal: AbortSignal | undefined
}

export interface TransportAnswer {
  status: number
  /** Bytes as they came, at most `bodyLimit`. */
  body: Buffer
  /** Content-Encoding. */
  encoding: string | undefined
  /** The Date header. */
  date: string | undefined
}

/**
 * One HTTP exchange over kept-alive connections: no retry and no redirect, any status is an answer.
 * Fails with WechatNetworkError only.
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportAnswer>
  /** Ends all connections and with them the calls in flight. */
  close(): Promise<void>
}

export interface TransportOptions {
  proxy: ProxyConfig
  timeouts?: Timeouts
}

export interface Timeouts {
  /** Milliseconds for a new connection. */
  connect: number
  /** Milliseconds from the call to the last byte of its answer, whatever happens in between. */
  answer: number
}

export const defaultTimeouts: Timeouts = { connect: 5 * second, answer: 15 * second }

/** Bytes of an answer, also after decompression; a full page of 10,000 openids has about 320 KB. */
export const bodyLimit = 4 * 1024 * 1024
export const tooLarge = say('network.too_large', { bytes: String(bodyLimit) })

/** Idle connections go before the other side usually closes them: a call that meets a closing one is lost. */
export const idleTimeout = 4 * second

/** Nothing of the request can have left, whatever the cause is. */
export function toConnectError({ base, path }: TransportRequest, cause: unknown): WechatNetworkError {
  const origin = URL.canParse(base) ? new URL(base).origin : base
  const detail = say('network.no_connection', { origin, cause: toWords(cause) })
  return new WechatNetworkError({ kind: 'connect', path, detail, maybeReceived: false, cause })
}

/** Some errors of connections have a code and no message. */
export function toWords(error: unknown): string {
  return error instanceof Error ? error.message || toCode(error) : String(error)
}

export function toCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
