import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { every } from '../../base/every.ts'
import type { Log } from '../../base/log.ts'
import { say } from '../../base/sentences/sentence.ts'
import { isNumbered, toCopiedTables, toPageSql, toRow } from '../copy/copiedTables.ts'
import type { CopySource } from '../copy/copyDatabase.ts'
import { DatabaseError } from '../databaseError.ts'
import { copyLease, serviceLife, servicePrefix } from '../leases/serviceLease.ts'
import { openSqlite, type SqliteStores } from './stores.ts'
import { tables } from './tables.ts'

interface CopySourceOptions {
  path: string
  /** Where the copy goes, for people. */
  to: string
  log: Log
}

/**
 * Opens a file to copy it, and keeps services from beginning to write to it until it is closed. Rejects with a
 * DatabaseError while one does.
 */
export async function openCopySource({
  path,
  to,
  log,
}: CopySourceOptions): Promise<CopySource & { close(): Promise<void> }> {
  const database = await openSqlite({ path, log })
  try {
    const release = await keepServicesOut(database, to, log)
    return {
      ...createReader(database),
      async close() {
        await release()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Who begins later finds the lease; who was there before is found here. */
async function keepServicesOut(database: SqliteStores, to: string, log: Log): Promise<() => Promise<void>> {
  const leases = database.leases()
  // The same owner for the next run, which need not wait for the lease of one that was killed.
  const hold = () => leases.acquire(copyLease, to, serviceLife)
  if (!(await hold())) {
    const other = (await leases.find(copyLease))?.owner
    throw new DatabaseError(
      'in_use',
      say('copy.underWay', { address: database.address, target: String(other) }),
    )
  }
  const service = findService(database)
  if (service !== undefined) {
    await leases.release(copyLease, to)
    throw new DatabaseError(
      'in_use',
      say('copy.inUse', { address: database.address, service, seconds: serviceLife / 1000 }),
    )
  }
  const stop = every(
    serviceLife / 6,
    async () => void (await hold()),
    (error) => log.debug({ err: error }, 'copy lease could not be renewed'),
  )
  return async () => {
    stop()
    await leases.release(copyLease, to)
  }
}

function findService({ read }: SqliteStores): string | undefined {
  // A lease of the far future was taken while a clock was wrong.
  const held = read.$client
    .prepare<[number, number], { name: string; owner: string }>(
      'select name, owner from leases where until > ? and until <= ? order by name',
    )
    .all(Date.now(), Date.now() + 2 * serviceLife)
  const found = held.find(({ name }) => name.startsWith(servicePrefix) || name.startsWith('sync '))
  return found && (found.name.startsWith(servicePrefix) ? found.owner : `${found.name}, ${found.owner}`)
}

function createReader({ id, address, read: { $client } }: SqliteStores): CopySource {
  const copied = toCopiedTables(tables, (table) => getTableConfig(table).primaryKeys)
  const hasSequences = $client.prepare("select 1 from sqlite_master where name = 'sqlite_sequence'").get()
  return {
    id,
    address,
    tables: copied,
    count: async ({ name }) => Number($client.prepare(`select count(*) from "${name}"`).pluck().get()),
    async read(table, after, limit) {
      const sql = toPageSql(table, () => '?', after === undefined)
      const statement = $client.prepare<unknown[], unknown[]>(sql).raw()
      const key = after?.map((value) => (typeof value === 'boolean' ? Number(value) : value)) ?? []
      return statement.all(...key, limit).map((values) => toRow(table, values))
    },
    lastNumbers() {
      const numbered = copied.filter(isNumbered)
      return Object.fromEntries(
        numbered.map(({ name, key: [column] }) => {
          const highest = $client.prepare(`select max("${column}") from "${name}"`).pluck().get()
          const given =
            hasSequences &&
            $client.prepare('select seq from sqlite_sequence where name = ?').pluck().get(name)
          return [name, Math.max(Number(highest ?? 0), Number(given ?? 0))]
        }),
      )
    },
  }
}
