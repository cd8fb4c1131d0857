import { expect, test } from 'vitest'
import { createFollowUps } from '../../src/callback/followUps.ts'
import type { StoredEvent } from '../../src/db/callbackEvents.ts'
import { engines } from '../db/engines.ts'

const appid = 'wx1'
const now = () => 5_000

// A database across a network answers late what it read before that.
test.each(engines)('on $name, what ends while events are read is not done once more', async ({ create }) => {
  const { database } = await create()
  const events = database.callbackEvents(appid)
  await events.record({ kind: 'subscribe', openid: 'o1', at: 1_000, msgid: '', status: '', app: '' }, 1_000)
  const [stored] = await events.findNew(now(), 1)
  await database.write([events.toUpdate([{ id: stored?.id ?? 0, tries: 1, dueAt: now() }])])
  const asked: StoredEvent[] = []
  let answer = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  let beforeAnswer = async () => {}
  const followUps = createFollowUps({
    appid,
    events: {
      ...events,
      async findApplied(at, limit) {
        const found = await events.findApplied(at, limit)
        await beforeAnswer()
        return found
      },
    },
    write: async (statements) => void (await database.write(statements)),
    async checkFollower(event) {
      asked.push(event)
      await answered
      return null
    },
    onDone() {},
    onError(error) {
      throw error
    },
    signal: new AbortController().signal,
    now,
  })
  await followUps.begin()
  beforeAnswer = async () => {
    answer()
    await followUps.untilAllEnd()
  }
  await followUps.begin()
  await followUps.untilAllEnd()
  expect(asked).toHaveLength(1)
})
