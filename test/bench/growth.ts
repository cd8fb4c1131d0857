import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { Redis } from 'ioredis'
import { createOne } from '../../src/operations/broadcasts/broadcasts.ts'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { withWorld } from './broadcast.ts'
import { redisUrl, startCpu } from './measure.ts'
import { countTo, toMessage, withServer } from './send.ts'

/**
 * `npm run bench:growth [-- 10000 ...]`: broadcasts of growing size to the end, each in a process of its own, one JSON line
 * each. Time should grow as they do, memory of the process and of Redis not at all.
 */
const sizes = [10_000, 100_000, 1_000_000]

const [asked, ...more] = process.argv.slice(2)
if (asked === 'one') console.log(JSON.stringify(await measure(Number(more[0]))))
else {
  const wanted = asked === undefined ? sizes : [asked, ...more].map(Number)
  for (const size of wanted) {
    const words = [...process.execArgv, fileURLToPath(import.meta.url), 'one', String(size)]
    process.stdout.write(execFileSync(process.execPath, words, { encoding: 'utf8' }))
  }
}

function measure(total: number) {
  return withServer(0, (base) =>
    withWorld({ base, total, concurrency: 50 }, async ({ account, dir, start }) => {
      const { templateId, data, url } = toMessage(0)
      await createOne(account, { templateId, data, url, audience: { all: true }, maxFailures: '100%' })
      const { count, rate } = countTo(total)
      let ended = 0
      let redisBytes: Promise<number> | undefined
      let readCpu: ReturnType<typeof startCpu> | undefined
      const before = process.memoryUsage.rss()
      let peak = before
      const stop = await start({
        ...account,
        broadcasts: {
          ...account.broadcasts,
          async record(no, outcomes) {
            await account.broadcasts.record(no, outcomes)
            readCpu ??= startCpu()
            ended += outcomes.length
            if (ended >= total / 2) redisBytes ??= measureRedis(account.appid)
            peak = Math.max(peak, process.memoryUsage.rss())
            for (const _ of outcomes) count()
          },
        },
      })
      const perSecond = await rate
      const cpu = readCpu?.(total) ?? 0
      await stop()
      const bytes = measureTables(join(dir, 'unionpush.db'))
      return {
        bench: 'broadcast.growth',
        recipients: total,
        seconds: Math.round((total / perSecond) * 10) / 10,
        perSecond: Math.round(perSecond),
        cpuMicroseconds: cpu,
        processMB: { before: toMB(before), peak: toMB(peak) },
        redisKB: Math.round(((await redisBytes) ?? 0) / 1_000),
        bytesPerRecipient: {
          rows: Math.round(bytes.rows / total),
          indexes: Math.round(bytes.indexes / total),
        },
      }
    }),
  )
}

/** All that the queue of the account has, in the middle of the broadcast. */
async function measureRedis(appid: string): Promise<number> {
  const redis = new Redis(redisUrl)
  try {
    const keys = await redis.keys(`${queuePrefix}:${toQueueName(appid)}:*`)
    const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key)))
    return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  } finally {
    redis.disconnect()
  }
}

function measureTables(path: string): { rows: number; indexes: number } {
  const connection = new Sqlite(path, { readonly: true })
  try {
    const sum = (where: string) =>
      Number(
        Object(connection.prepare(`select coalesce(sum(pgsize), 0) as n from dbstat where ${where}`).get()).n,
      )
    return {
      rows: sum("name = 'broadcast_recipients'"),
      indexes: sum(
        "name like 'broadcast_recipients_%' or name like 'sqlite_autoindex_broadcast_recipients%'",
      ),
    }
  } finally {
    connection.close()
  }
}

function toMB(bytes: number): number {
  return Math.round(bytes / 1_000_000)
}
