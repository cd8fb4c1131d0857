import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../../base/duration.ts'
import { every } from '../../base/every.ts'
import type { Log } from '../../base/log.ts'
import { say } from '../../base/sentences/sentence.ts'
import { DatabaseError } from '../databaseError.ts'
import type { Stores } from '../stores.ts'

/** Begins the names of the leases of processes that go on writing: workers, cron, servers of HTTP. */
export const servicePrefix = 'service '
/** Held while the database is copied into another one. */
export const copyLease = 'copy'
/** A process that was killed keeps its lease as long. */
export const serviceLife = 30 * second
const renewal = 5 * second
const patience = 2 * second

/**
 * Tells programs that want the database to themselves that a process writes to it, until the returned function is called.
 * Rejects with a DatabaseError while the database is being copied: what was written now would not be in the copy.
 */
export async function holdServiceLease(
  { address, leases: openLeases }: Pick<Stores, 'address' | 'leases'>,
  log: Log,
): Promise<() => Promise<void>> {
  const leases = openLeases()
  const owner = `${hostname()} pid ${process.pid}`
  const name = `${servicePrefix}${owner} ${randomUUID().slice(0, 8)}`
  // Not renewed: whoever was frozen for long may find it purged.
  const hold = async () => void (await leases.acquire(name, owner, serviceLife))
  const tell = (error: unknown) => log.debug({ err: error }, 'service lease could not be taken')
  // A service begins while somebody else locks the database, too.
  await Promise.race([hold().catch(tell), sleep(patience, undefined, { ref: false })])
  const copy = await leases.find(copyLease)
  if (copy && copy.until > Date.now()) {
    await leases.release(name, owner)
    throw new DatabaseError('in_use', say('copy.startAgain', { address, target: copy.owner }))
  }
  const stop = every(renewal, hold, tell)
  return async () => {
    stop()
    // What is left runs out by itself.
    await leases.release(name, owner).catch(() => {})
  }
}
