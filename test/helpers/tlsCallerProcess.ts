import { setImmediate as nextTurn } from 'node:timers/promises'
import { WechatNetworkError } from '../../src/wechat/errors.ts'
import { direct, transports } from './transports.ts'

/** A process of its own, because Node reads NODE_EXTRA_CA_CERTS only when it starts: calls `base` and sends the outcomes. */
const [, , name, base = '', proxy = '', calls] = process.argv
const createTransport = transports.find(([known]) => known === name)?.[1]
if (createTransport === undefined) throw new Error(`expected the name of a transport, got ${name}`)

const transport = createTransport({ proxy: { ...direct, https: proxy } })
const outcomes: unknown[] = []
for (let i = 0; i < Number(calls); i++) {
  const request = {
    method: 'POST',
    base,
    path: '/cgi-bin/x',
    query: '',
    body: '{}',
    signal: undefined,
  } as const
  try {
    outcomes.push((await transport.send(request)).body.toString())
  } catch (error) {
    if (!(error instanceof WechatNetworkError)) throw error
    outcomes.push([error.kind, error.maybeReceived])
  }
  await nextTurn()
}
await transport.close()
process.send?.(outcomes)
process.disconnect()
