import { existsSync } from 'node:fs'
import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SharedConfig } from '../../../base/config.ts'
import { day } from '../../../base/duration.ts'
import { type Check, type Finding, fail, ok, skip, warn } from '../check.ts'
import type { Tables } from '../subjects.ts'

const megabyte = 2 ** 20
/** With less a single sync or a checkpoint of the log may not fit. */
const leastFree = 100 * megabyte
const littleFree = 1_024 * megabyte
/** A year's growth shall fit. */
const outlook = 365

export const storageChecks: Check[] = [
  {
    name: 'data_dir',
    of: 'installation',
    async run({ config: { dataDir } }) {
      // What does not exist yet is made by whoever needs it.
      const dir = findExisting(dataDir)
      try {
        if (!(await stat(dir)).isDirectory()) return fail('dataDir.noDirectory', { dir })
        await access(dir, constants.W_OK | constants.X_OK)
        return ok('dataDir.ok', { dir: dataDir })
      } catch {
        return fail('dataDir.notWritable', { dir })
      }
    },
  },
  {
    name: 'disk',
    of: 'installation',
    async run({ config }) {
      const dir = findExisting(toDir(config))
      const { bavail, bsize } = await statfs(dir)
      return judgeFreeSpace(dir, bavail * bsize)
    },
  },
  {
    name: 'database',
    of: 'installation',
    run({ stores, databaseError }) {
      if (stores) return ok('database.ok', { engine: stores.engine, address: stores.address })
      return fail('database.error', { code: databaseError?.code ?? '', why: databaseError?.sentence ?? '' })
    },
  },
  {
    name: 'database_growth',
    of: 'tables',
    async run({ config }, { pushes }) {
      if (config.database.engine !== 'sqlite') return skip('growth.server')
      const { path } = config.database
      const size = (await sizeOf(path)) + (await sizeOf(`${path}-wal`))
      const { bavail, bsize } = await statfs(dirname(path))
      const perDay = await countYesterday(pushes)
      return judgeGrowth({ size, perDay, free: bavail * bsize, historyDays: config.historyDays })
    },
  },
]

/** What is left on the disk of the data. */
export function judgeFreeSpace(dir: string, bytes: number): Finding {
  const facts = { dir, free: Math.floor(bytes / megabyte) }
  if (bytes < leastFree) return fail('disk.full', facts)
  return bytes < littleFree ? warn('disk.little', facts) : ok('disk.ok', facts)
}

/** Bytes of a push with its record and its receipt, indexes included. */
const bytesPerPush = 1_000

/** Whether what comes in fits on the disk until it is purged; figures in bytes and pushes per day. */
export function judgeGrowth(given: {
  size: number
  perDay: number
  free: number
  historyDays: number
}): Finding {
  const growth = given.perDay * bytesPerPush
  const days = Math.min(given.historyDays, outlook)
  const facts = {
    size: given.size / megabyte,
    growth: growth / megabyte,
    free: Math.floor(given.free / megabyte),
    days,
  }
  return growth * days > given.free ? warn('growth.tooMuch', facts) : ok('growth.ok', facts)
}

async function countYesterday(pushes: Tables['pushes']): Promise<number> {
  const counts = await pushes.countFinished(Date.now() - day)
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

function toDir({ database, dataDir }: SharedConfig): string {
  return database.engine === 'sqlite' ? dirname(database.path) : dataDir
}

/** The path, or of what leads there the part that exists. */
function findExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : findExisting(dirname(path))
}
