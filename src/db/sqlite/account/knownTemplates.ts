import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { second } from '../../../base/duration.ts'
import type { TemplateRow } from '../../templates.ts'
import { tables } from '../tables.ts'
import { createTemplates } from './templates.ts'

/**
 * Of a file as it is. Not opened read-only, though nothing is written: such a connection, when it is the last to close,
 * leaves the -wal and -shm files of its user behind.
 */
export async function listTemplatesOfFile(path: string, appid: string): Promise<TemplateRow[]> {
  const connection = new Sqlite(path, { fileMustExist: true, timeout: second })
  try {
    connection.pragma('query_only = on')
    const read = drizzle(connection, { schema: tables })
    const write = () => Promise.reject(new Error('read only'))
    return await createTemplates({ read, write }, appid).list()
  } finally {
    connection.close()
  }
}
