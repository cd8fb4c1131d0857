import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../chance.ts'
import type { Fault } from '../fault.ts'
import { ours, type RunPostgres } from '../postgres.ts'
import type { Direction } from '../wire.ts'
import type { World } from '../world.ts'

type PostgresWorld = World & { postgres: RunPostgres }

interface PostgresFault extends Pick<Fault, 'name'> {
  run(world: PostgresWorld, chance: Chance): Promise<void>
}

/** Several times, with time in between for something to go on. */
async function repeatedly(
  { admitted }: World,
  chance: Chance,
  once: () => unknown,
  most: number,
): Promise<void> {
  for (let times = chance.count(1, most); times > 0; times--) {
    // Each may meet a try of the same push.
    admitted.mishaps++
    await once()
    await sleep(chance.between(0, 400))
  }
}

/** Stops the server and starts it after a while. */
async function restart(
  { postgres, stretch }: PostgresWorld,
  chance: Chance,
  signal: NodeJS.Signals,
): Promise<void> {
  await postgres.server.stop(signal)
  await sleep(chance.between(0, 2_000) * stretch)
  await postgres.server.start()
}

const outages: readonly PostgresFault[] = [
  {
    name: 'connections to PostgreSQL are terminated one by one',
    run: (world, chance) =>
      repeatedly(
        world,
        chance,
        () =>
          world.postgres.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where ${ours} order by random() limit 1`,
          ),
        10,
      ),
  },
  {
    name: 'all connections to PostgreSQL are terminated',
    run: (world, chance) =>
      repeatedly(
        world,
        chance,
        () => world.postgres.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${ours}`),
        3,
      ),
  },
  {
    name: 'statements in PostgreSQL are cancelled',
    run: (world, chance) =>
      repeatedly(
        world,
        chance,
        () => world.postgres.query(`select pg_cancel_backend(pid) from pg_stat_activity where ${ours}`),
        10,
      ),
  },
  {
    name: 'kill -9 of a process of PostgreSQL, and it recovers',
    async run({ postgres }) {
      const sql = `select pid from pg_stat_activity where ${ours} order by random() limit 1`
      const [found] = await postgres.query(sql)
      if (found) process.kill(Number(found.pid), 'SIGKILL')
      // Not before it has noticed.
      await sleep(200)
      await postgres.server.start()
    },
  },
  {
    name: 'PostgreSQL is stopped and started again',
    run: (world, chance) => restart(world, chance, 'SIGINT'),
  },
  {
    name: 'PostgreSQL is stopped at once, and recovers when it is started',
    run: (world, chance) => restart(world, chance, 'SIGQUIT'),
  },
  {
    name: 'kill -9 of PostgreSQL, which is started again',
    run: (world, chance) => restart(world, chance, 'SIGKILL'),
  },
  {
    name: 'connections to PostgreSQL are reset again and again',
    run: (world, chance) => repeatedly(world, chance, world.postgres.wire.cut, 10),
  },
  ...(['toServer', 'toClient'] satisfies Direction[]).flatMap((direction): PostgresFault[] => [
    {
      name: `what goes ${direction === 'toServer' ? 'to' : 'from'} PostgreSQL is lost, then the connections are reset`,
      async run({ postgres: { wire }, stretch }, chance) {
        wire.hold(direction)
        await sleep(chance.between(300, 3_000) * stretch)
        wire.cut()
        wire.release()
      },
    },
    {
      name: `what goes ${direction === 'toServer' ? 'to' : 'from'} PostgreSQL comes late`,
      async run({ postgres: { wire }, stretch }, chance) {
        wire.hold(direction)
        await sleep(chance.between(300, 3_500) * stretch)
        wire.release()
      },
    },
  ]),
  {
    name: 'connections to PostgreSQL are half-open for ever',
    run: async ({ postgres }) => postgres.wire.swallow(),
  },
  {
    name: 'PostgreSQL is out of reach',
    async run({ postgres: { wire }, stretch }, chance) {
      await wire.refuse()
      await sleep(chance.between(200, 3_000) * stretch)
      await wire.accept()
    },
  },
  {
    name: 'PostgreSQL only reads',
    async run({ postgres, stretch }, chance) {
      const set = (value: string) =>
        postgres.query(`alter system set default_transaction_read_only = ${value}`)
      await set('on')
      await postgres.query('select pg_reload_conf()')
      await sleep(chance.between(200, 3_000) * stretch)
      await set('off')
      await postgres.query('select pg_reload_conf()')
    },
  },
]

/** The server of the tables, and where there is no Redis of the queue, gone, unwilling or out of reach. */
export const postgresFaults: readonly Fault[] = outages.map(({ name, run }) => ({
  name,
  on: ['database'],
  async run(world, chance) {
    const { postgres } = world
    if (!postgres) throw new Error('expected a run with a PostgreSQL')
    world.admitted.mishaps++
    // Meanwhile none can be renewed.
    if (!world.redis) world.admitted.lostLocks++
    await run({ ...world, postgres }, chance)
  },
}))
