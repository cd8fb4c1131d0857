import { once } from 'node:events'
import { parseInput } from './control/input.ts'
import type { Simulator } from './controls.ts'
import { createSimulatorServer } from './http/server.ts'
import type { SimulatorOptions } from './options.ts'
import { optionsSchema, type Settings } from './optionsSchema.ts'
import { createPlatform, type Platform } from './platform/platform.ts'

/**
 * Starts a fake WeChat over real HTTP that behaves as the platform is known to, errors included. Point unionpush at it with
 * `WECHAT_API_BASE` = `base`, `WECHAT_APPID` = `appid` and `WECHAT_SECRET` = `secret`; `close` ends it.
 * What can be set stands with SimulatorOptions, what can be done while it runs with SimulatorControls.
 * Rejects with a TypeError that names every option that cannot be meant, and with EADDRINUSE when the port is taken. A
 * callback server that does not answer is no reason to: `callback()` tells how its check went.
 */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = parseInput(optionsSchema, options)
  const { port: wantedPort, host, callback } = settings
  const [first, ...others] = createAccounts(settings)
  if (callback) await first.controls.setCallback(callback)
  const server = createSimulatorServer([first, ...others])
  server.listen(wantedPort, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : wantedPort

  return Object.assign(first.controls, {
    accounts: [first.controls, ...others.map(({ controls }) => controls)],
    port,
    base: `http://${host}:${port}`,
    async close() {
      await Promise.all([first, ...others].map(({ closeCallbacks }) => closeCallbacks()))
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  })
}

/** Everything of the further ones follows from the seed too, and from the name of the first. */
function createAccounts(settings: Settings): [Platform, ...Platform[]] {
  const { seed, appid } = settings
  const further = Array.from({ length: settings.accounts - 1 }, (_, i) => {
    const number = i + 2
    const named = appid === undefined ? undefined : `${appid}-${number}`
    return createPlatform(
      { ...settings, seed: seed + number * 7_919, appid: named, secret: undefined, miniprogram: undefined },
      seed,
    )
  })
  return [createPlatform(settings), ...further]
}
