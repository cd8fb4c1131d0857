import { once } from 'node:events'
import { say } from '../../base/sentences/sentence.ts'
import type { CallbackState } from '../../simulator/callbacks/options.ts'
import { findCallbackProblem } from '../../simulator/callbacks/settings.ts'
import type { Simulator, SimulatorControls } from '../../simulator/controls.ts'
import type { SimulatorOptions } from '../../simulator/options.ts'
import { createSimulator } from '../../simulator/simulator.ts'
import { UsageError } from '../args.ts'
import { defineCommand, toCount, toExpected } from '../command.ts'
import { createStopSignal } from '../signals.ts'
import { phrase, toPlural } from '../text/phrase.ts'

export const simulatorCommand = defineCommand({
  name: 'simulator',
  description: 'simulator',
  args: {
    port: { type: 'string', default: '0', description: 'simulator.port' },
    followers: { type: 'string', default: '1000', description: 'simulator.followers' },
    accounts: { type: 'string', default: '1', description: 'simulator.accounts' },
    'without-unionid': {
      type: 'string',
      default: '2',
      valueHint: 'percent',
      description: 'simulator.without-unionid',
    },
    latency: { type: 'string', default: '0', valueHint: 'ms', description: 'simulator.latency' },
    rate: { type: 'string', valueHint: 'sends/s', description: 'simulator.rate' },
    'callback-url': { type: 'string', valueHint: 'url', description: 'simulator.callback-url' },
    'callback-token': { type: 'string', valueHint: 'token', description: 'simulator.callback-token' },
    'callback-aes-key': { type: 'string', valueHint: 'key', description: 'simulator.callback-aes-key' },
  },
  examples: [
    ['unionpush simulator --followers 25000', 'simulator.example.followers'],
    ['unionpush simulator --latency 50 --rate 120', 'simulator.example.pace'],
    ['unionpush simulator --callback-url "$URL" --callback-token "$TOKEN"', 'simulator.example.callbacks'],
    ['unionpush simulator --accounts 3 --json > simulator.json &', 'simulator.example.accounts'],
    ['unionpush simulator --json > simulator.json &', 'simulator.example.script'],
  ],
  async run(args, out) {
    const port = toCount('port', args.port)
    if (port > 65_535) throw toExpected('port', say('option.atMost', { most: '65535' }), args.port)
    const percent = toCount('without-unionid', args['without-unionid'])
    if (percent > 100)
      throw toExpected('without-unionid', say('option.atMost', { most: '100' }), args['without-unionid'])
    const rate = args.rate === undefined ? {} : { rate: { perSecond: toCount('rate', args.rate, 1) } }
    const stop = createStopSignal()
    const server = await createSimulator({
      port,
      followers: toCount('followers', args.followers),
      accounts: toAccountCount(args.accounts),
      withoutUnionid: percent / 100,
      latencyMs: toCount('latency', args.latency),
      keepAccepted: false,
      ...rate,
      ...toCallback(args),
    })
    const { appid, secret, base, miniprogram } = server
    const callback = server.callback()
    const { appid: miniprogramAppid, secret: miniprogramSecret } = miniprogram
    await out.print(
      {
        port: server.port,
        base,
        appid,
        secret,
        miniprogram: { appid: miniprogramAppid, secret: miniprogramSecret },
        ...(server.accounts.length > 1 && { accounts: server.accounts.map(toEntry) }),
        ...(callback && { callback: { url: callback.url, check: callback.check } }),
      },
      () => toText(server, Number(args.followers)),
    )
    if (!stop.aborted) await once(stop, 'abort')
    await server.close()
    return 0
  },
})

function toAccountCount(text: string): number {
  const count = toCount('accounts', text, 1)
  if (count > 1_000) throw toExpected('accounts', say('option.atMost', { most: '1000' }), text)
  return count
}

/** As in an ACCOUNTS_FILE. */
function toEntry({ appid, secret, miniprogram }: SimulatorControls, i: number) {
  const { appid: miniAppid, secret: miniSecret } = miniprogram
  return { name: `account-${i + 1}`, appid, secret, miniprogram: { appid: miniAppid, secret: miniSecret } }
}

interface CallbackArgs {
  'callback-url': string | undefined
  'callback-token': string | undefined
  'callback-aes-key': string | undefined
}

function toCallback(args: CallbackArgs): Pick<SimulatorOptions, 'callback'> {
  const { 'callback-url': url, 'callback-token': token, 'callback-aes-key': encodingAesKey } = args
  if (url === undefined && token === undefined && encodingAesKey === undefined) return {}
  if (url === undefined || token === undefined)
    throw new UsageError(say('usage.neededBoth', { first: 'callback-url', second: 'callback-token' }))
  const callback = { url, token, encodingAesKey }
  const problem = findCallbackProblem(callback)
  if (problem !== undefined) throw new UsageError(say('usage.callback', { problem }))
  return { callback }
}

function toCallbackText(callback: CallbackState | undefined): string {
  if (!callback) return ''
  const { url, check } = callback
  const line =
    check?.ok === false
      ? phrase('simulator.callbacksFailed', { url, problem: check.problem })
      : phrase('simulator.callbacksPassed', { url })
  return `${line}\n`
}

function toText(simulator: Simulator, followers: number): string {
  const { base, appid, secret } = simulator
  return phrase('simulator.text', {
    followers: toPlural('follower', followers),
    base,
    callbacks: toCallbackText(simulator.callback()),
    exports: `  export WECHAT_API_BASE=${base}
  export WECHAT_APPID=${appid}
  export WECHAT_SECRET=${secret}`,
    calls: `  curl '${base}/__sim/users?count=3'
  curl ${base}/__sim/stats
  curl ${base}/__sim/faults -d '{"action":"html","times":20}'`,
  })
}
