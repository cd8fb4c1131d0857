import { type RequestedPush, toPushId } from './asks.ts'
import type { Books } from './audit.ts'
import { findOpenReceipts } from './receiptAudit.ts'
import type { World } from './world.ts'

/** PUSH_ATTEMPTS, which is left at its default. */
const maxAttempts = 8

/** Nothing waits in the queue or on its way from WeChat, and what came from there has been worked off. */
export async function hasDrained({ redis, appid, simulator, disk, admitted }: World): Promise<boolean> {
  if ((await redis.countJobs(appid)) > 0 || simulator.stats().callbacks.pending > 0) return false
  return findOpenReceipts(disk.rows(), toReceipts(simulator), admitted.lostReceipts).length === 0
}

/** The books as they are now. */
export async function collectBooks(
  { simulator, arrivals, disk, redis, appid, admitted, caller, workers, desk }: World,
  asks: readonly RequestedPush[],
  settled: ReadonlyMap<string, number>,
): Promise<Books> {
  const lostLocks = admitted.lostLocks + countLostLocks(workers.logs() + desk.crew.logs())
  return {
    ...admitted,
    // Where no lock was lost, a stalled job is one whose worker died: nobody else was at it.
    lostLocks: lostLocks === 0 ? 0 : Math.max(lostLocks, countMostStalls(redis.written())),
    caller: asks.map(({ id, openid }) => ({ id, openid, told: caller.told.get(id) ?? [] })),
    accepted: [...simulator.accepted()].map(({ url = '', ...message }) => ({
      ...message,
      pushId: toPushId(url),
    })),
    receipts: toReceipts(simulator),
    arrivals,
    rows: disk.rows(),
    jobsLeft: await redis.countJobs(appid),
    settled,
    maxAttempts,
  }
}

const signsOfLostLocks = [
  /could not renew lock/g,
  /(?:Missing (?:lock|key)|Lock mismatch) for job/g,
  /is not in the active state/g,
]

/** A machine that is too busy to renew its locks in time loses them, as one that stands still does, and says so. */
function countLostLocks(logs: string): number {
  return signsOfLostLocks.reduce((sum, sign) => sum + (logs.match(sign)?.length ?? 0), 0)
}

/**
 * How often the job that was taken from its worker most often was taken from one, as Redis wrote it down. One outage
 * can do that more than once: on a busy machine it outlasts the next worker's lock too.
 */
export function countMostStalls(written: string): number {
  const stalls = new Map<string, number>()
  for (const [, key = ''] of written.matchAll(/\r\nhincrby\r\n\$\d+\r\n(.+)\r\n\$3\r\nstc\r\n/gi)) {
    stalls.set(key, (stalls.get(key) ?? 0) + 1)
  }
  return Math.max(0, ...stalls.values())
}

function toReceipts(simulator: World['simulator']): Books['receipts'] {
  return [...simulator.events()]
    .filter(({ posts }) => posts > 0)
    .map(({ msgid = '0', status = 'success', outcome }) => ({
      msgid,
      status,
      isTaken: outcome === 'acknowledged',
    }))
}
