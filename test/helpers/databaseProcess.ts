import { pino } from 'pino'
import { DatabaseError } from '../../src/db/databaseError.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'

/** Opens a database in a process of its own, closes it and tells its parent how it went. */
const path = String(process.argv[2])
try {
  const database = await openSqlite({ path, log: pino({ level: 'silent' }) })
  await database.close()
  process.send?.('open')
} catch (error) {
  process.send?.(error instanceof DatabaseError ? error.code : String(error))
}
process.disconnect()
