import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import type { Chance } from '../chance.ts'
import type { Fault } from '../fault.ts'
import type { PrivateRedis } from '../redis.ts'
import type { Direction } from '../wire.ts'
import type { World } from '../world.ts'

type RedisWorld = World & { redis: PrivateRedis }

interface RedisFault extends Omit<Fault, 'run'> {
  run(world: RedisWorld, chance: Chance): Promise<void>
}

/** Below that of the asks, so that it holds them up. */
const pushRate = 30
/** Milliseconds for a queue that was emptied to know the limit again. */
const patience = 20_000

const outages: readonly RedisFault[] = [
  {
    name: 'Redis is killed and started again',
    on: ['redis'],
    async run({ redis, stretch }, chance) {
      await redis.kill()
      await sleep(chance.between(0, 1_500) * stretch)
      await redis.start()
    },
  },
  {
    name: 'Redis is killed and takes long to load',
    on: ['redis'],
    async run({ redis }, chance) {
      await redis.kill()
      await redis.start('--key-load-delay', String(chance.count(100, 800)))
    },
  },
  {
    name: 'Redis wrote nothing down and starts empty',
    on: ['redis'],
    conditions: { pushRate },
    async run(world, chance) {
      const { redis, database, caller, admitted, stretch } = world
      await redis.kill()
      // What it said last may still be on its way to the caller.
      await sleep(50 + chance.between(0, 1_500) * stretch)
      await forgive({ database, caller, admitted })
      redis.forget()
      await redis.start()
      await checkRate(world)
    },
  },
  {
    name: 'Redis is frozen',
    on: ['redis'],
    async run({ redis, stretch }, chance) {
      redis.freeze()
      await sleep(chance.between(500, 4_000) * stretch)
      redis.thaw()
    },
  },
  {
    name: 'connections to Redis are reset again and again',
    on: ['redis'],
    async run({ redis }, chance) {
      for (let cuts = chance.count(1, 10); cuts > 0; cuts--) {
        redis.wire.cut()
        await sleep(chance.between(0, 300))
      }
    },
  },
  ...(['toServer', 'toClient'] satisfies Direction[]).flatMap((direction): RedisFault[] => [
    {
      name: `what goes ${direction === 'toServer' ? 'to' : 'from'} Redis is lost, then the connections are reset`,
      on: ['redis'],
      async run({ redis, stretch }, chance) {
        redis.wire.hold(direction)
        await sleep(chance.between(300, 3_000) * stretch)
        redis.wire.cut()
        redis.wire.release()
      },
    },
    {
      name: `what goes ${direction === 'toServer' ? 'to' : 'from'} Redis comes late`,
      on: ['redis'],
      async run({ redis, stretch }, chance) {
        redis.wire.hold(direction)
        await sleep(chance.between(300, 3_500) * stretch)
        redis.wire.release()
      },
    },
  ]),
  {
    name: 'connections to Redis are half-open for ever',
    on: ['redis'],
    async run({ redis }) {
      redis.wire.swallow()
    },
  },
  {
    name: 'Redis fails over behind its address, and the old one keeps its connections',
    on: ['redis'],
    run: ({ redis }) => redis.failOver(),
  },
  {
    name: 'Redis is emptied',
    on: ['redis'],
    conditions: { pushRate },
    async run(world) {
      const { redis, database, caller, admitted } = world
      await forgive({ database, caller, admitted })
      await redis.command('flushall')
      // What it said last may still be on its way to the caller.
      await sleep(1_000)
      await forgive({ database, caller, admitted })
      await checkRate(world)
    },
  },
  {
    name: 'Redis is read-only',
    on: ['redis'],
    async run({ redis, stretch }, chance) {
      await redis.command('replicaof', '127.0.0.1', '1')
      await sleep(chance.between(200, 3_000) * stretch)
      await redis.command('replicaof', 'no', 'one')
    },
  },
  {
    name: 'Redis is out of memory',
    on: ['redis'],
    async run({ redis, stretch }, chance) {
      // With another policy it would delete pushes, of which it warned.
      await redis.command('config', 'set', 'maxmemory-policy', 'noeviction')
      await redis.command('config', 'set', 'maxmemory', '1')
      await sleep(chance.between(200, 3_000) * stretch)
      await redis.command('config', 'set', 'maxmemory', '0')
    },
  },
]

/** The limit is in the queue again, and holds. */
async function checkRate({ redis, appid, arrivals, complaints }: RedisWorld): Promise<void> {
  if (!(await until(async () => (await redis.findRate(appid)) !== undefined, patience))) {
    complaints.push('an emptied Redis never learnt the rate again')
    return
  }
  const from = performance.now() + 200
  await sleep(2_200)
  const seconds = (performance.now() - from) / 1_000
  const calls = arrivals.filter(({ at }) => at >= from).length
  // A busy machine makes up for calls it could not make in the second before.
  if (calls > 2 * pushRate * seconds) {
    complaints.push(`${calls} calls in ${seconds.toFixed(1)} s, allowed are ${pushRate} a second`)
  }
}

/** What waits in a Redis that is about to forget it, or has just forgotten it, is lost. */
async function forgive({
  database,
  caller,
  admitted,
}: Pick<World, 'database' | 'caller' | 'admitted'>): Promise<void> {
  const ended = new Set((await database.rows()).flatMap((row) => (row.finished_at === null ? [] : [row.id])))
  for (const [id, told] of caller.told) {
    if (!ended.has(id) && told.some((word) => word !== 'unavailable')) admitted.forgotten.add(id)
  }
}

/** The queue's server gone, frozen, unwilling, or out of reach: meanwhile no lock can be renewed. */
export const redisFaults: readonly Fault[] = outages.map((outage) => ({
  ...outage,
  async run(world, chance) {
    const { redis } = world
    if (!redis) throw new Error('expected a run with a Redis')
    world.admitted.lostLocks++
    await outage.run({ ...world, redis }, chance)
  },
}))
