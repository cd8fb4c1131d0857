import { once } from 'node:events'
import type { Simulator } from './controls.ts'
import { createSimulatorServer } from './http/server.ts'
import type { SimulatorOptions } from './options.ts'
import { createPlatform } from './platform/platform.ts'

/**
 * A fake WeChat over real HTTP that behaves as the platform is known to, errors included; what can be set stands with
 * SimulatorOptions, what a script can do while it runs with Simulator and, over HTTP, with `createControl`.
 * Rejects when the port is taken or the callback cannot be meant; a callback server that does not answer is no reason:
 * `callback()` tells how its check went.
 */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port: wantedPort = 0, host = '127.0.0.1', callback } = options
  const { controls, closeCallbacks, ...platform } = createPlatform(options)
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
