import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPostgresServer, type PostgresServer } from '../helpers/postgresServer.ts'
import { combinations } from './combinations.ts'
import { openEngineWorld } from './world.ts'

const soon = { timeout: 60_000, interval: 5 }
const count = 400

/** As an administrator or a pooler in front of it does. */
async function cutConnections(server: PostgresServer): Promise<void> {
  const client = await server.connect()
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'unionpush'",
  )
  await client.end()
}

/** Longer than anything is tried at once. */
async function restart(server: PostgresServer, signal: NodeJS.Signals): Promise<void> {
  await server.stop(signal)
  await sleep(1_500)
  await server.start()
}

const outages: readonly (readonly [what: string, happen: (server: PostgresServer) => Promise<void>])[] = [
  ['its connections are cut', cutConnections],
  ['it is stopped and started', (server) => restart(server, 'SIGINT')],
  ['it crashes and recovers', (server) => restart(server, 'SIGQUIT')],
]

describe.each(combinations.filter(({ database }) => database === 'postgres'))(
  'tables in PostgreSQL, queue in $queue',
  (engines) => {
    test('the program goes on by itself after every outage of PostgreSQL; nothing is lost or doubled', async () => {
      const server = await createPostgresServer()
      onTestFinished(() => server.close())
      await server.start()
      const createDatabase = async () => ({ url: server.url, drop: async () => {} })
      const world = await openEngineWorld(engines, { followers: count, latencyMs: 50 }, createDatabase)
      onTestFinished(world.close)
      const service = await world.service()
      await vi.waitUntil(() => world.account.syncRuns.findLastComplete(), soon)
      const messages = Array.from({ length: count }, (_, n) => world.message(n, { id: `p${n}` }))
      await world.pusher.pushMany(messages)

      for (const [index, [what, happen]] of outages.entries()) {
        // Of all: more may be through already than there were when it came back.
        await vi
          .waitUntil(() => world.simulator.stats().accepted >= 50 * (index + 1), soon)
          .catch((error) => {
            const { accepted } = world.simulator.stats()
            const end = service.stderr().slice(-8_000)
            throw new Error(`outage ${index}, ${accepted} accepted, the service said at last:\n${end}`, {
              cause: error,
            })
          })
        expect(world.simulator.stats().accepted, `before ${what}, outage ${index}`).toBeLessThan(count)
        await happen(server)
      }
      const rows = await world.records(count)
      expect(rows).toHaveLength(count)
      expect(rows.filter(({ msgid }) => msgid === null)).toEqual([])
      const accepted = [...world.simulator.accepted()]
      expect(accepted).toHaveLength(count)
      expect(new Set(rows.map(({ msgid }) => msgid))).toEqual(new Set(accepted.map(({ msgid }) => msgid)))
      expect(new Set(accepted.map(({ openid }) => openid)).size).toBe(count)
      const taken = [...world.simulator.events()].filter(({ outcome }) => outcome === 'acknowledged')
      await vi.waitFor(async () => {
        const delivered = (await world.records(count)).filter(({ status }) => status === 'delivered')
        const msgids = new Set(delivered.map(({ msgid }) => msgid))
        expect(taken.filter(({ msgid = null }) => !msgids.has(msgid))).toEqual([])
      }, soon)
      expect(service.child.exitCode).toBeNull()
      service.child.kill('SIGTERM')
      expect(await service.ended).toMatchObject({ code: 0, signal: null })
    })
  },
)
