import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'

/** The file locked, without room, or another one. */
export const databaseFaults: readonly Fault[] = [
  {
    name: 'another process holds the database',
    on: ['database'],
    async run({ database, stretch }, chance) {
      const unlock = await database.lock()
      await sleep(chance.between(300, 3_000) * stretch)
      await unlock()
    },
  },
  {
    name: 'the disk is full',
    on: ['database'],
    missing: ({ database }) => (database.isOwn ? undefined : 'no tmpfs can be mounted here'),
    async run({ database, redis, stretch, admitted }, chance) {
      // A refusal that cost no try is one that cannot be recorded as such.
      admitted.mishaps++
      if (!redis) admitted.lostLocks++
      database.fill()
      await sleep(chance.between(300, 3_000) * stretch)
      await database.free()
    },
  },
  {
    name: "the database is replaced by yesterday's copy while nobody uses it",
    on: ['database', 'workers', 'callbacks', 'cron'],
    async run({ database, workers, desk, simulator, admitted }, chance) {
      await database.copy()
      await sleep(chance.between(200, 1_500))
      admitted.mishaps++
      const users = [workers, desk.crew]
      for (const crew of users) crew.hold()
      await Promise.all(users.flatMap(({ members }) => members.map((member) => member.end('SIGKILL'))))
      const before = await database.rows()
      await database.restore()
      const after = new Map((await database.rows()).map((row) => [row.id, row.finished_at]))
      for (const { id, finished_at } of before) if (after.get(id) !== finished_at) admitted.lost.add(id)
      for (const { msgid, posts } of simulator.events()) {
        if (posts > 0 && msgid) admitted.lostReceipts.add(msgid)
      }
      for (const crew of users) crew.resume()
    },
  },
]
