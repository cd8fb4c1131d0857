import { expect, test } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { loadGauges } from '../../src/operations/monitoring/gauges.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { startPushing } from '../helpers/pushing.ts'
import { openBroadcasts } from './world.ts'

test('show --watch --json tells of every change, and ends with the broadcast', {
  timeout: 2 * minute,
}, async () => {
  const { sync, json, service, start, templateId } = await startCliWorld({ followers: 200, latencyMs: 20 })
  await sync()
  const data = JSON.stringify({ thing1: '周年庆', time2: '2026-12-12 10:00' })
  const { id } = await json(['broadcast', 'create', '--template', templateId, '--data', data, '--all'])
  const watch = start(['broadcast', 'show', id, '--watch', '--json'])
  await watch.waitFor(/"waiting":200/)
  await service('worker')
  const { code, stdout } = await watch.ended
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(code).toBe(0)
  expect(lines.at(0)).toMatchObject({ status: 'running', counts: { waiting: 200 } })
  expect(lines.at(-1)).toMatchObject({ status: 'finished', counts: { sent: 200, waiting: 0 } })
  expect(new Set(lines.map((line) => JSON.stringify(line))).size).toBe(lines.length)
  const later = ['--at', '2099-01-01T09:00:00+08:00']
  const again = await json([
    ...['broadcast', 'create', '--template', templateId, '--data', data, '--all'],
    ...later,
  ])
  await json(['broadcast', 'cancel', again.id])
  const cancelled = start(['broadcast', 'show', again.id, '--watch', '--json'])
  expect(await cancelled.ended).toMatchObject({ code: 1 })
})

test('recipients of broadcasts under way are measured by status', async () => {
  const world = await startPushing({ simulator: { followers: 3 } })
  const { appid, database, accountState, followers, held, queue } = world
  const broadcasts = openBroadcasts(world)
  const { id } = await broadcasts.create()
  await broadcasts.pause(id)
  await broadcasts.cancel((await broadcasts.create()).id)
  const opened = openProducerQueue(queue, appid)
  const gauges = await loadGauges({
    name: appid,
    config: { pushRate: 0 },
    ...{ accountState, followers, held },
    broadcasts: broadcasts.broadcasts,
    syncRuns: database.syncRuns(appid),
    templatePauses: database.templatePauses(appid),
    tokens: { peek: async () => undefined },
    openQueue: () => opened,
  })
  await opened.close()
  expect(gauges.broadcasts).toEqual([{ id, counts: expect.objectContaining({ waiting: 3, sent: 0 }) }])
})
