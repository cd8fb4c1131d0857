import { expect, onTestFinished, test } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import { openPostgres } from '../../../src/db/postgres/stores.ts'
import { createPostgresServer } from '../../helpers/postgresServer.ts'
import { createTestLog } from '../../helpers/pushing.ts'
import { toPushRow } from '../pushRow.ts'

/** Set to answer before anything is on disk, and not to write it there for as long as a server can wait. */
const forgetful = { synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '0' }

test('what is known of a push outlives a crash of a server that answers before it writes', async () => {
  const server = await createPostgresServer(forgetful)
  onTestFinished(() => server.close())
  await server.start()
  const database = await openPostgres({ ...toPostgresAddress(server.url), log: createTestLog().log })
  onTestFinished(() => database.close())
  const pushes = database.pushes('wx1')

  const afterCrash = async (id: string) => {
    await server.stop('SIGQUIT')
    await server.start()
    return pushes.find(id)
  }
  await pushes.add(toPushRow({ id: 'begun' }))
  expect(await afterCrash('begun')).toMatchObject({ status: 'sending' })
  await pushes.recordSent({ id: 'begun', generation: 0, attempts: 1, msgid: '7', sentAt: Date.now() })
  expect(await afterCrash('begun')).toMatchObject({ status: 'sent', msgid: '7' })
  await pushes.record(toPushRow({ id: 'refused', status: 'rejected', finishedAt: Date.now() }))
  expect(await afterCrash('refused')).toMatchObject({ status: 'rejected' })
  await database.heldPushes('wx1').hold({
    ...toPushRow({ id: 'held', status: 'queued', reason: 'hold' }),
    heldFor: 'u1',
    heldAt: 1,
    place: 1,
  })
  expect(await afterCrash('held')).toMatchObject({ reason: 'hold' })
})
