import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import type { Transport, TransportOptions } from '../../src/wechat/transport/transport.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'

export type CreateTransport = (options: TransportOptions) => Transport

/** Both have to pass the same tests. */
export const transports: [name: string, create: CreateTransport][] = [
  ['got', createGotTransport],
  ['undici', createUndiciTransport],
]

export const direct = { http: undefined, https: undefined, none: undefined }
export const timeouts = { connect: 250, answer: 400 }
