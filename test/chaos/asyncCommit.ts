import type { World } from './world.ts'

/** Longer than PostgreSQL keeps what is committed by `synchronous_commit = off` in its memory; milliseconds. */
const longestKept = 1_000
const signOfCrash = 'was not properly shut down'

/**
 * A PostgreSQL that dies forgets what became of the sends of its last second. Where the queue is in it too nothing comes
 * of that: that a job is done is written down after, and on disk. A Redis knows of no such order.
 */
export async function admitLosses(world: World, during: () => Promise<void>): Promise<void> {
  const { postgres, redis, database, arrivals, admitted } = world
  if (!postgres || !redis) return during()
  const crashes = () => postgres.server.logs().split(signOfCrash).length
  const [before, crashesBefore] = [await database.rows(), crashes()]
  const from = performance.now() - longestKept
  await during()
  const after = new Map((await database.rows()).map((row) => [row.id, row.finished_at]))
  if (crashes() === crashesBefore) return
  for (const { id, finished_at } of before) if (after.get(id) !== finished_at) admitted.lost.add(id)
  for (const { pushId, at } of arrivals) if (at >= from) admitted.lost.add(pushId)
}
