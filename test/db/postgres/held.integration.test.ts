import { expect, onTestFinished, test, vi } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import { openDatabase } from '../../../src/db/open.ts'
import { createTestSchema } from '../../helpers/postgres.ts'
import { createTestLog } from '../../helpers/pushing.ts'
import { toPushRow } from '../pushRow.ts'

const appid = 'wx1'
const soon = { timeout: 15_000, interval: 10 }
const event = { kind: 'subscribe', openid: 'o1', at: 2_000, msgid: '', status: '', app: '' } as const
const waitingSql = `select count(*)::int as total from pg_stat_activity
where application_name = 'unionpush' and wait_event_type = 'Lock' and query like any(array['%callback_events%', '%unionpush held%'])`

// Neither transaction sees what the other has not committed, and nobody would look for that follow again.
test('a push held at the moment in which its user begins to follow is released', async () => {
  const { url, query, hold } = await createTestSchema()
  const open = async () => {
    const database = await openDatabase(
      { engine: 'postgres', ...toPostgresAddress(url) },
      createTestLog().log,
    )
    onTestFinished(() => database.close())
    return database
  }
  const [receiver, worker] = [await open(), await open()]
  const events = receiver.callbackEvents(appid)
  await events.record(event, 2_000)
  const [stored] = await events.findNew(2_000, 1)
  const done = events.toUpdate([{ id: stored?.id ?? 0, tries: 1, dueAt: null }])
  const follow = receiver.liveFollowers(appid).toFollow([{ openid: 'o1', at: 2_000, now: 2_000 }])
  const waits = async (least: number) => Number((await query(waitingSql))[0]?.total) >= least

  // Has looked for pushes that are held, and cannot commit yet.
  const unlock = await hold('select from callback_events for update')
  const followed = receiver.write([...follow, done])
  await vi.waitUntil(() => waits(1), soon)
  const waiting = { status: 'queued', reason: 'hold', unionid: null, unknownSince: null } as const
  let isHeld: boolean | undefined
  const holding = worker
    .heldPushes(appid)
    .hold({ ...toPushRow(waiting), heldFor: 'o1', heldAt: 1_000, place: 1 })
    .then((is) => {
      isHeld = is
    })
  await vi.waitUntil(async () => isHeld || (await waits(2)), soon)
  await unlock()
  await Promise.all([followed, holding])
  expect(isHeld).toBe(true)
  expect(await worker.heldPushes(appid).findPendingReleases(10)).toMatchObject([{ recipient: 'o1' }])
})
