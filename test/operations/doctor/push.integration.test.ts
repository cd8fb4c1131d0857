import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { doctorPushSchema, examinePush, type ImaginedPush } from '../../../src/operations/doctor/push.ts'
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
  expect(await codesOf({ data: { thing1: '订单已发货' } })).toEqual(['data_invalid'])
  expect(await codesOf({ data: undefined })).toEqual([])
  expect(await codesOf({ openid: 'oNobody' })).toEqual(['not_following'])
  const { openid } = world.simulator.userAt(0)
  await world.withAccount(({ followers }) => followers.markUnsubscribed([openid], Date.now()))
  expect(await codesOf({})).toEqual(['not_following'])
  expect(await codesOf({ openid })).toEqual(['not_following'])
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
