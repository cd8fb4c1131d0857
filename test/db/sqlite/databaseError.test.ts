import { expect, test } from 'vitest'
import { toDatabaseError } from '../../../src/db/databaseError.ts'

test('a file system that cannot share memory is named as the cause, with what to do', () => {
  const cause = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_SHMMAP' })
  const { code, message } = toDatabaseError(cause, '/mnt/nfs/unionpush.db')
  expect(code).toBe('io')
  expect(message).toMatch(/^Database \/mnt\/nfs\/unionpush\.db: .*network file systems.*local disk/)
})
