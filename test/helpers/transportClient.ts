import { inspect } from 'node:util'
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { createWechatClient, type WechatClient, type WechatRequest } from '../../src/wechat/client.ts'
import { WechatNetworkError } from '../../src/wechat/errors.ts'
import type { TransportOptions } from '../../src/wechat/transport/transport.ts'

import { type CreateTransport, direct, timeouts } from './transports.ts'

const secret = 'TOKEN-THAT-MUST-NOT-SHOW'
export const post: WechatRequest = {
  method: 'POST',
  path: '/cgi-bin/x',
  query: { access_token: secret },
  body: { a: '中' },
}

export function openClient(
  createTransport: CreateTransport,
  base: string,
  options: Partial<TransportOptions> = {},
): WechatClient {
  const transport = createTransport({ proxy: direct, timeouts, ...options })
  const log = pino({ level: 'silent' })
  const client = createWechatClient({ bases: [base], transport, hotTransport: transport, log })
  onTestFinished(() => client.close())
  return client
}

/** The error of a call, checked to carry no secret in anything that logging might print. */
export async function failureOf(
  createTransport: CreateTransport,
  base: string,
  request = post,
  options: Partial<TransportOptions> = {},
): Promise<WechatNetworkError> {
  const error: unknown = await openClient(createTransport, base, options)
    .call(request)
    .catch((reason: unknown) => reason)
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret)
  if (!(error instanceof WechatNetworkError)) throw error
  expect(error.path).toBe(request.path)
  return error
}
