import { randomUUID } from 'node:crypto'
import { second } from '../base/duration.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import type { Leases } from '../db/leases/leases.ts'
import type { Sender } from '../push/sender.ts'
import type { PushQueue } from '../queue/backend.ts'
import { toBroadcastJob } from '../queue/job.ts'
import type { createLeader } from './leader.ts'

interface LeadershipDeps {
  broadcasts: Pick<Broadcasts, 'listOpen' | 'settleLeft'>
  leases: Pick<Leases, 'acquire'>
  leader: Pick<ReturnType<typeof createLeader>, 'lead' | 'forget'>
  sender: Pick<Sender, 'isOneByOne' | 'concurrency'>
  queue: Pick<PushQueue, 'addBulk'>
  isStopped(): boolean
}

/** How long one process leads a broadcast after it was last heard of, and how often it says that it lives. */
const leadership = 10 * second
const leadershipRenewal = 3 * second
/** Jobs of one broadcast in the queue, as long as nothing limits them. */
const placesAtOnce = 4

/** Looks after the broadcasts that no other process leads, and has enough jobs for them in the queue. */
export function createLeadership(deps: LeadershipDeps): () => Promise<void> {
  const { broadcasts, leases, leader, sender, queue, isStopped } = deps
  const owner = randomUUID()
  const ledUntil = new Map<string, number>()

  /** By itself, because it may have to wait for WeChat. */
  return async function leadAll(): Promise<void> {
    const rows = await broadcasts.listOpen()
    for (const row of rows) if (!isStopped() && (await isLeader(row.id))) await lead(row)
    for (const id of ledUntil.keys()) {
      if (rows.some((row) => row.id === id)) continue
      ledUntil.delete(id)
      leader.forget(id)
    }
    await broadcasts.settleLeft(Date.now())
  }

  async function lead(row: BroadcastRow): Promise<void> {
    await leader.lead(row)
    if (row.status !== 'running' || isStopped()) return
    const places = sender.isOneByOne() ? sender.concurrency() : placesAtOnce
    // Those that are there already stay as they are.
    await queue.addBulk(Array.from({ length: places }, (_, place) => toBroadcastJob(row.id, place)))
  }

  async function isLeader(id: string): Promise<boolean> {
    const now = Date.now()
    if ((ledUntil.get(id) ?? 0) - now > leadership - leadershipRenewal) return true
    if (!(await leases.acquire(`broadcast ${id}`, owner, leadership))) return false
    ledUntil.set(id, now + leadership)
    return true
  }
}
