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

test('a process that stood still sends to nobody whom another has had since', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  // PostgreSQL has a clock of its own, which no test can set.
  const path = join(await makeDir(), 'test.db')
  const open = async () => {
    const opened = await openDatabase({ engine: 'sqlite', path }, createTestLog().log)
    onTestFinished(() => opened.close())
    return opened
  }
  const database = await open()
  const no = await database.broadcasts(appid).draft({
    ...{ id: 'b1', name: null, templateId: 't1', message: '{"data":{}}', rate: null, window: null },
    ...{ audience: { kind: 'file', name: 'f.csv' }, canaryShare: null, maxFailures: 1, createdAt: 1_000 },
    ...{ startAt: null, expiresAt: null },
  })
  const lines = [1, 2, 3].map((seq) => ({ seq, openid: `o${seq}`, unionid: null, isByUnionid: false }))
  await database.broadcasts(appid).addRecipients(
    no,
    lines.map((line) => ({ ...line, columns: null })),
  )
  const running = { status: 'running', selected: 3, isFilled: true, canarySize: null } as const
  await database.broadcasts(appid).publish(no, running)

  const sent: string[] = []
  const openTurns = (broadcasts: ReturnType<typeof database.broadcasts>, goesOn: Promise<void>) => {
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
    return createTurns({ broadcasts, sender, isRunning: () => true, isStopped: () => false, ...nothing })
  }
  let goOn = () => {}
  const wait = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const frozen = openTurns(database.broadcasts(appid), wait)
  const other = openTurns((await open()).broadcasts(appid), Promise.resolve())
  const turn = frozen.take('b1')
  await vi.waitUntil(async () => (await database.broadcasts(appid).openWork(no)).inFlight === 3)
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
