import { expect, test } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'

const tomorrow = () => new Date(Date.now() + 24 * hour).toISOString()

test('held pushes are counted, listed, shown and taken back', async () => {
  const world = await startCliWorld()
  await world.sync()
  await world.service('worker')
  await world.queuePushes({ sent: 0 })
  await world.untilEnded('sent')
  const hold = world.push(25, '--hold', '--expires', tomorrow(), '--id', 'held')
  expect(await world.json(hold)).toEqual({ id: 'held', status: 'queued' })
  await world.until('held', ({ reason }) => reason === 'hold')

  const [status, queued, failed, shown] = await Promise.all([
    world.json(['status']),
    world.lines(['history', '--status', 'queued']),
    world.lines(['failed']),
    world.json(['show', 'held']),
  ])
  expect(status.accounts[0].queue).toEqual({ waiting: 0, active: 0, delayed: 0, held: 1, failed: 0 })
  expect(queued).toEqual([shown])
  expect(failed).toEqual([])
  expect(shown).toMatchObject({
    id: 'held',
    status: 'queued',
    reason: 'hold',
    detail: expect.stringContaining('no follower'),
    sentAt: null,
  })

  const answers = await Promise.all([
    world.json(['cancel', 'held']),
    world.json(['cancel', 'sent'], 1),
    world.json(['cancel', 'nobody'], 1),
  ])
  expect(answers).toEqual([
    { id: 'held', status: 'cancelled' },
    { id: 'sent', status: 'too_late' },
    { id: 'nobody', status: 'not_found' },
  ])
  const [after, left, again] = await Promise.all([
    world.json(['show', 'held']),
    world.lines(['history', '--status', 'queued']),
    world.json(hold),
  ])
  expect(after).toMatchObject({ status: 'skipped', reason: 'cancelled' })
  expect(left).toEqual([])
  expect(again).toEqual({ id: 'held', status: 'duplicate' })
}, 90_000)

test('a push can be taken back while no worker runs, and is not sent when one does', async () => {
  const world = await startCliWorld()
  await world.sync()
  await world.queuePushes({ taken: 0, kept: 1 })
  const cancelled = await world.run(['cancel', 'taken'])
  expect(cancelled).toMatchObject({ code: 0, stdout: 'taken is taken back and will not be sent\n' })
  await world.service('worker')
  await world.untilEnded('kept')
  expect([...world.simulator.accepted()]).toHaveLength(1)
}, 90_000)

test('push --wait --until delivered ends with the receipt, and a failed delivery is sent once more if that is wanted', async () => {
  const world = await startCliWorld()
  await world.sync()
  const token = 'QDG6eK'
  const settings = { WECHAT_CALLBACK_TOKEN: token, HTTP_PORT: '0', RETRY_SYSTEM_FAILED: 'on' }
  const service = await world.service('start', settings)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(service.stderr())?.[0] ?? ''
  await world.simulator.setCallback({ url: `${url}/wechat/callback`, token, receiptDelayMs: 20 })
  world.simulator.addCallbackRule({ status: 'failed: system failed', times: 1 })

  await world.queuePushes({ lost: 1 })
  await world.until('lost', ({ status, generation }) => status === 'delivered' && generation === 1)
  const accepted = [...world.simulator.accepted()]
  expect(accepted).toHaveLength(2)
  expect(new Set(accepted.map(({ clientMsgId }) => clientMsgId)).size).toBe(2)

  const wait = world.push(0, '--wait', '--until', 'delivered')
  expect(await world.json(wait)).toMatchObject({ status: 'delivered', reason: null })
}, 90_000)
