import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { createTurns } from '../../src/broadcast/turn.ts'
import { openDatabase } from '../../src/db/open.ts'
import type { Sender } from '../../src/push/sender.ts'
import { toPushRow } from '../db/pushRow.ts'
import { createTestLog, makeDir } from '../helpers/pushing.ts'

const appid = 'wx1'
afterEach(() => void vi.useRealTimers())

/** A broadcast to three, and processes that have turns at it as slowly as is said. */
async function openWorld() {
  vi.useFakeTimers({ toFake: ['Date'] })
  // PostgreSQL has a clock of its own, which no test can set.
  const path = join(await makeDir(), 'test.db')
  const open = async () => {
    const opened = await openDatabase({ engine: 'sqlite', path }, createTestLog().log)
    onTestFinished(() => opened.close())
    return opened.broadcasts(appid)
  }
  const broadcasts = await open()
  const no = await broadcasts.draft({
    ...{ id: 'b1', name: null, templateId: 't1', message: '{"data":{}}', rate: null, window: null },
    ...{ audience: { kind: 'file', name: 'f.csv' }, canaryShare: null, maxFailures: 1, createdAt: 1_000 },
    ...{ startAt: null, expiresAt: null },
  })
  const lines = [1, 2, 3].map((seq) => ({ seq, openid: `o${seq}`, unionid: null, isByUnionid: false }))
  await broadcasts.addRecipients(
    no,
    lines.map((line) => ({ ...line, columns: null })),
  )
  await broadcasts.publish(no, { status: 'running', selected: 3, isFilled: true, canarySize: null })

  const sent: string[] = []
  const openTurns = async (goesOn: Promise<void>) => {
    const sender: Sender = {
      isOneByOne: () => false,
      mayTry: () => true,
      concurrency: () => 10,
      noteDatabaseError: () => {},
      async send({ id, openid }, _, isWanted) {
        await goesOn
        if (!isWanted()) return { kind: 'not_tried' }
        sent.push(openid ?? '')
        const times = { sentAt: Date.now(), finishedAt: Date.now() }
        return { kind: 'ended', row: toPushRow({ id, openid: openid ?? null, status: 'sent', ...times }) }
      },
    }
    const nothing = { saw: () => {}, pause: async () => {}, checkFailures: async () => false }
    const own = await open()
    return createTurns({
      ...{ broadcasts: own, sender, isRunning: () => true, isStopped: () => false },
      ...nothing,
    })
  }
  let goOn = () => {}
  const wait = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const slow = await openTurns(wait)
  const other = await openTurns(Promise.resolve())
  return { broadcasts, no, sent, slow, other, goOn }
}

test('a process that stood still sends to nobody whom another has had since', async () => {
  const { broadcasts, no, sent, slow: frozen, other, goOn } = await openWorld()
  const turn = frozen.take('b1')
  await vi.waitUntil(async () => (await broadcasts.openWork(no)).inFlight === 3)
  vi.setSystemTime(Date.now() + 30_000)
  await other.take('b1')
  expect(sent).toEqual(['o1', 'o2', 'o3'])
  vi.setSystemTime(Date.now() + 11 * minute)
  await frozen.renew()
  goOn()
  await turn
  expect(sent).toEqual(['o1', 'o2', 'o3'])
  expect(await other.take('b1')).toEqual({ kind: 'idle' })
})

test('who is tried again is nobody else to send to while that takes long', async () => {
  const { broadcasts, no, sent, slow, other, goOn } = await openWorld()
  const chunk = await broadcasts.claim(no, 3, Date.now(), 20_000)
  if (!chunk) throw new Error('nobody was handed out')
  await broadcasts.finishChunk(no, chunk)
  const tried = { attempts: 1, unknownSince: null, starts: 1, errcode: -1, detail: null }
  await broadcasts.recordRetry(no, { seq: 1, dueAt: Date.now(), ...tried })
  const turn = slow.take('b1')
  await vi.waitUntil(async () => ((await broadcasts.openWork(no)).nextRetryAt ?? 0) > Date.now())
  for (let n = 0; n < 6; n += 1) {
    vi.setSystemTime(Date.now() + 5_000)
    await slow.renew()
  }
  expect(await other.take('b1')).toEqual({ kind: 'idle' })
  goOn()
  await turn
  expect(sent).toEqual(['o1'])
  expect((await broadcasts.openWork(no)).retries).toBe(0)
})
