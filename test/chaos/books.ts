import { type RequestedPush, toPushId } from './asks.ts'
import type { Books } from './audit.ts'
import { findOpenReceipts } from './receiptAudit.ts'
import type { World } from './world.ts'

/** PUSH_ATTEMPTS, which is left at its default. */
const maxAttempts = 8

/** Nothing waits in the queue or on its way from WeChat. */
export async function isQuiet({ queue, appid, simulator }: World): Promise<boolean> {
  return (await queue.countJobs(appid)) === 0 && simulator.stats().callbacks.pending === 0
}

/** What came from WeChat has been worked off. */
export async function isSettled({ simulator, database, admitted }: World): Promise<boolean> {
  return findOpenReceipts(await database.rows(), toReceipts(simulator), admitted.lostReceipts).length === 0
}

/** The books as they are now. */
export async function collectBooks(
  { simulator, arrivals, database, queue, appid, admitted, caller, workers, desk }: World,
  asks: readonly RequestedPush[],
  settled: ReadonlyMap<string, number>,
): Promise<Books & { broadcast: Books['accepted'] }> {
  const lostLocks = admitted.lostLocks + countLostLocks(workers.logs() + desk.crew.logs())
  const accepted = [...simulator.accepted()].map(({ url = '', ...message }) => ({
    ...message,
    pushId: toPushId(url),
  }))
  return {
    ...admitted,
    // Where no lock was lost, a stalled job is one whose worker died: nobody else was at it.
    lostLocks: lostLocks === 0 ? 0 : Math.max(lostLocks, await queue.countMostStalls()),
    caller: asks.map(({ id, openid }) => ({ id, openid, told: caller.told.get(id) ?? [] })),
    accepted: accepted.filter(({ pushId }) => !isOfBroadcast(pushId)),
    broadcast: accepted.filter(({ pushId }) => isOfBroadcast(pushId)),
    receipts: toReceipts(simulator),
    arrivals,
    rows: await database.rows(),
    jobsLeft: await queue.countJobs(appid),
    settled,
    maxAttempts,
  }
}

/** Pushes have ids of their own. */
function isOfBroadcast(pushId: string): boolean {
  return /^b\d+$/.test(pushId)
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

function toReceipts(simulator: World['simulator']): Books['receipts'] {
  return [...simulator.events()]
    .filter(({ posts }) => posts > 0)
    .map(({ msgid = '0', status = 'success', outcome }) => ({
      msgid,
      status,
      isTaken: outcome === 'acknowledged',
    }))
}
