import { and, eq, gt, lte, or, sql } from 'drizzle-orm'
import { day } from '../../../base/duration.ts'
import type { Lease, Leases } from '../../leases/leases.ts'
import { countChanged, isChanged } from '../engine/change.ts'
import { asInserted } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { leases } from './tables.ts'

interface LeasesOptions {
  now?: () => number
}

/** Leases over the processes of one database; their clocks must agree to within a fraction of the lease. */
export function createLeases(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  { now = Date.now }: LeasesOptions = {},
): Leases {
  const name = sql.placeholder('name')
  const owner = sql`${sql.placeholder('owner')}`
  const isOwn = and(eq(leases.name, name), eq(leases.owner, owner))
  const find = prepareLater(read.select().from(leases).where(eq(leases.name, name)))
  const acquire = compileWrite<Lease & { now: number }>(
    read
      .insert(leases)
      .values({ name, owner, until: sql.placeholder('until') })
      .onConflictDoUpdate({
        target: leases.name,
        set: asInserted(leases, 'owner', 'until'),
        // A lease that outlives twice its life was taken while the clock was wrong.
        setWhere: sql`${leases.owner} = excluded.owner or ${leases.until} <= ${sql.placeholder('now')}
          or ${leases.until} > 2 * excluded.until - ${sql.placeholder('now')}`,
      }),
  )
  const renew = compileWrite<Lease>(
    read
      .update(leases)
      .set({ until: sql`${sql.placeholder('until')}` })
      .where(isOwn),
  )
  const release = compileWrite<Omit<Lease, 'until'>>(read.delete(leases).where(isOwn))
  const purge = compileWrite<{ now: number; nonsense: number }>(
    read
      .delete(leases)
      .where(or(lte(leases.until, sql.placeholder('now')), gt(leases.until, sql.placeholder('nonsense')))),
  )
  return {
    async acquire(name, owner, ttlMs) {
      return isChanged(write, [acquire.once({ name, owner, until: now() + ttlMs, now: now() })])
    },
    async renew(name, owner, ttlMs) {
      return isChanged(write, [renew.once({ name, owner, until: now() + ttlMs })])
    },
    async release(name, owner) {
      await write([release.once({ name, owner })])
    },
    async purge() {
      return countChanged(write, [purge.once({ now: now(), nonsense: now() + day })])
    },
    async find(name) {
      return find.get({ name })
    },
  }
}
