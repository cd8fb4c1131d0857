import { minute } from '../../../base/duration.ts'
import type { RedisInfo } from '../../../queue/redis/info.ts'
import { type Check, type Finding, fail, ok, skip, warn } from '../check.ts'
import type { Installation } from '../subjects.ts'

const leastRedis = [6, 2] as const
/** What waits longer than that for a worker waits for too long. */
const longWait = 10 * minute
const megabyte = 2 ** 20

export const queueChecks: Check[] = [
  {
    name: 'queue',
    of: 'account',
    isSlow: true,
    async run({ config, queue }) {
      const asked = await queue()
      if ('counts' in asked) return ok('queue.ok', { kind: config.queue.kind, ...asked.counts })
      // Before `start` nobody hosts it, which is how everybody begins.
      if (config.queue.kind === 'embedded') return warn('queue.notHosted', asked)
      return fail('queue.unreachable', asked)
    },
  },
  {
    name: 'queue_engine',
    of: 'installation',
    run({ config: { queue } }) {
      return queue.kind === 'embedded'
        ? warn('queueEngine.embedded')
        : ok('queueEngine.ok', { kind: queue.kind })
    },
  },
  redisCheck('redis_version', ({ version }) => {
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const isOld = major < leastRedis[0] || (major === leastRedis[0] && minor < leastRedis[1])
    const facts = { version, least: leastRedis.join('.') }
    return isOld ? fail('redisVersion.old', facts) : ok('redisVersion.ok', facts)
  }),
  redisCheck('redis_policy', ({ policy }) =>
    policy === 'noeviction' ? ok('redisPolicy.ok') : fail('redisPolicy.evicts', { policy }),
  ),
  redisCheck('redis_persistence', ({ persistence, writesFail }) => {
    if (writesFail) return fail('redisPersistence.fails')
    if (persistence === 'log') return ok('redisPersistence.ok')
    return persistence === 'snapshots' ? warn('redisPersistence.snapshots') : warn('redisPersistence.none')
  }),
  redisCheck('redis_memory', ({ usedMemory, maxMemory }) => {
    const facts = { used: usedMemory / megabyte, most: maxMemory / megabyte }
    if (maxMemory === 0) return ok('redisMemory.unlimited', { used: facts.used })
    if (usedMemory >= maxMemory) return fail('redisMemory.full', facts)
    return usedMemory > 0.8 * maxMemory ? warn('redisMemory.nearlyFull', facts) : ok('redisMemory.ok', facts)
  }),
  {
    name: 'worker',
    of: 'account',
    isSlow: true,
    async run({ queue, hasWorker }) {
      const asked = await queue()
      if (!('counts' in asked)) return skip('needs.queue')
      if (await hasWorker()) return ok('worker.ok')
      const { waiting } = asked.counts
      return waiting > 0 ? fail('worker.noneAndWaiting', { waiting }) : warn('worker.none')
    },
  },
  {
    name: 'waiting',
    of: 'account',
    isSlow: true,
    async run({ queue }) {
      const asked = await queue()
      if (!('counts' in asked)) return skip('needs.queue')
      const { oldestAt, counts } = asked
      if (oldestAt === undefined) return ok('waiting.none')
      const minutes = Math.max(0, Date.now() - oldestAt) / minute
      const facts = { waiting: counts.waiting, minutes: Math.floor(minutes) }
      return minutes * minute > longWait ? warn('waiting.long', facts) : ok('waiting.ok', facts)
    },
  },
]

function redisCheck(name: string, judge: (info: RedisInfo) => Finding): Check {
  return {
    name,
    of: 'installation',
    isSlow: true,
    async run({ askRedis }: Installation) {
      const asked = await askRedis()
      if (asked === undefined) return skip('redis.none')
      if ('info' in asked) return judge(asked.info)
      return asked.problem === 'forbidden'
        ? skip('redis.forbidden')
        : skip('redis.unreachable', { why: asked.why })
    },
  }
}
