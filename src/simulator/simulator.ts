import { once } from 'node:events'
import { parse } from './control/input.ts'
import type { Simulator } from './controls.ts'
import { createSimulatorServer } from './http/server.ts'
import type { SimulatorOptions } from './options.ts'
import { optionsSchema } from './optionsSchema.ts'
import { createPlatform } from './platform/platform.ts'

/**
 * A fake WeChat over real HTTP that behaves as the platform is known to, errors included; what can be set stands with
 * SimulatorOptions, what a script can do while it runs with Simulator and, over HTTP, with `createControl`.
 * Rejects when the port is taken or the callback cannot be meant; a callback server that does not answer is no reason:
 * `callback()` tells how its check went.
 */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = parse(optionsSchema, options)
  const { port: wantedPort, host, callback } = settings
  const { controls, closeCallbacks, ...platform } = createPlatform(settings)
  if (callback) await controls.setCallback(callback)
  const server = createSimulatorServer(platform, controls)
  server.listen(wantedPort, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : wantedPort

  return Object.assign(controls, {
    port,
    base: `http://${host}:${port}`,
    async close() {
      await closeCallbacks()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  })
}
