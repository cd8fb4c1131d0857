import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { doctorPushSchema, examinePush, type ImaginedPush } from '../../../src/operations/doctor/push.ts'
import { toNewRow } from '../../../src/sending/processor/pushRow.ts'
import { type DoctorWorld, startDoctorWorld } from '../../helpers/doctorWorld.ts'

const timeout = 120_000
const data = { thing1: '订单已发货', time2: '2026-11-20 15:01' }

async function ask(world: DoctorWorld, push: Partial<ImaginedPush>) {
  const { simulator } = world
  const imagined = {
    unionid: push.openid === undefined ? simulator.userAt(0).unionid : undefined,
    openid: undefined,
    templateId: simulator.templates[0]?.templateId ?? '',
    data,
    ...push,
  }
  const answer = await world.open((examined) => examinePush(examined, imagined, 'en'))
  expect(doctorPushSchema.parse(answer)).toEqual(answer)
  return answer
}

test('everything in the way of a push is told, and nothing is sent or recorded', { timeout }, async () => {
  const world = await startDoctorWorld()
  await world.withAccount((account) => account.sync({}))
  const stranger = `o6_${randomBytes(12).toString('hex')}`
  const answer = await ask(world, {
    unionid: stranger,
    templateId: 'no-such-template',
    data: { ...data, thing1: 'x'.repeat(21) },
  })
  expect(answer.ok).toBe(false)
  expect(answer.reasons.map(({ code }) => code).sort()).toEqual([
    'message_invalid',
    'not_following',
    'template_invalid',
    'worker',
  ])
  expect(answer.reasons.find(({ code }) => code === 'message_invalid')?.detail).toContain('data.thing1')
  expect([...world.simulator.accepted()]).toEqual([])
  await world.withAccount(async ({ pushes, openQueue }) => {
    expect((await pushes.history({}).next()).done).toBe(true)
    expect(await openQueue().run((queue) => queue.getJobCounts('waiting'))).toEqual({ waiting: 0 })
  })
})

test('a keyword that is missing, a user who left, and one nobody knows', { timeout }, async () => {
  const world = await startDoctorWorld()
  const codesOf = async (push: Partial<ImaginedPush>) =>
    (await ask(world, push)).reasons.map(({ code }) => code).filter((code) => code !== 'worker')
  expect(await codesOf({})).toEqual(['not_synced'])
  await world.withAccount((account) => account.sync({}))
  const pushes = [{ data: { thing1: '订单已发货' } }, { data: undefined }, { openid: 'oNobody' }]
  expect(await Promise.all(pushes.map(codesOf))).toEqual([['data_invalid'], [], ['not_following']])
  const { openid } = world.simulator.userAt(0)
  await world.withAccount(({ followers }) => followers.markUnsubscribed([openid], Date.now()))
  expect(await Promise.all([{}, { openid }].map(codesOf))).toEqual([['not_following'], ['not_following']])
})

test('a pause of the account is in the way', { timeout }, async () => {
  const world = await startDoctorWorld()
  await world.withAccount(async (account) => {
    await account.sync({})
    await account.accountState.pauseByHand({ detail: 'audit', since: Date.now() })
  })
  const { reasons } = await ask(world, {})
  expect(reasons.find(({ code }) => code === 'paused')?.detail).toContain('audit')
})

test('quiet hours, a cap, and a template that waits for WeChat are in the way', { timeout }, async () => {
  const world = await startDoctorWorld()
  const { env, simulator } = world
  const templateId = simulator.templates[0]?.templateId ?? ''
  env.QUIET_HOURS = '00:00-23:59'
  env.TIMEZONE = new Date().getUTCHours() < 12 ? 'Asia/Tokyo' : 'UTC'
  env.PUSH_CAP = `${templateId}:1/1d`
  const { unionid = '' } = simulator.userAt(0)
  await world.withAccount(async (account) => {
    await account.sync({})
    const message = { v: 1 as const, id: 'p', unionid, templateId, data, createdAt: Date.now() }
    const row = toNewRow(account.appid, message, { jobId: 'p', data: message, timestamp: 0, starts: 1 })
    await account.pushes.add({
      ...row,
      status: 'sent',
      sentAt: Date.now(),
      openid: simulator.userAt(0).openid,
    })
  })
  const told = async () => (await ask(world, {})).reasons.filter(({ code }) => code !== 'worker')
  const both = await told()
  expect(both.map(({ code }) => code).sort()).toEqual(['capped', 'quiet'])
  expect(both.find(({ code }) => code === 'quiet')?.detail).toContain('23:59')
  env.QUIET_HOURS = ''
  env.PUSH_CAP = `${templateId}:2/1d`
  expect(await told()).toEqual([])
  await world.withAccount(({ templatePauses }) =>
    templatePauses.pause({ templateId, reason: 'template_invalid', detail: 'gone', since: 1, probeAt: 2 }),
  )
  expect((await told()).map(({ code }) => code)).toEqual(['template_paused'])
})
