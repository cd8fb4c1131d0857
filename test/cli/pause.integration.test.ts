import { expect, test, vi } from 'vitest'
import { minute, second as oneSecond } from '../../src/base/duration.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { startScriptedServer } from '../helpers/scriptedServer.ts'

const patience = { timeout: 20 * oneSecond, interval: 50 }

test(
  'what a person pauses stays paused over a restart, and what a person resumes goes on',
  async () => {
    const world = await startCliWorld()
    const robot = await startScriptedServer((response) => response.end('{"errcode":0,"errmsg":"ok"}'))
    const alert = { ALERT_WEBHOOK_URL: `${robot.base}/send?key=k` }
    await world.sync()
    const first = await world.service('worker', alert)
    const paused = await world.run(['pause', '--reason', '模板里的价格错了', '--json'], alert)
    expect(paused.code).toBe(0)
    const answer = JSON.parse(paused.stdout)
    expect(answer).toEqual({
      account: world.appid,
      appid: world.appid,
      paused: { reason: 'manual', detail: '模板里的价格错了', since: expect.any(String), probeAt: null },
    })
    await world.queuePushes({ p: 0 })
    first.child.kill('SIGTERM')
    expect((await first.ended).code).toBe(0)
    const second = await world.service('worker', alert)

    const [again, status, text] = await Promise.all([
      world.run(['pause'], alert),
      world.json(['status']),
      world.run(['status']),
    ])
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/was already paused since .*\nmanual: 模板/),
    })
    expect(status.accounts[0]).toMatchObject({ paused: answer.paused, queue: { waiting: 1 } })
    expect(text.stdout).toContain('until unionpush resume')
    expect(world.simulator.stats().accepted).toBe(0)

    const resumed = await world.run(['resume', '--json'], alert)
    expect(JSON.parse(resumed.stdout)).toEqual({
      account: world.appid,
      appid: world.appid,
      paused: null,
    })
    await world.untilEnded('p')
    expect(await world.run(['resume'], alert)).toMatchObject({
      code: 0,
      stdout: `${world.appid} was not paused\n`,
    })
    expect(robot.requests.map(({ text }) => /已(暂停|恢复)/.exec(text)?.[1])).toEqual(['暂停', '恢复'])
    expect(second.stderr()).not.toContain('"level":"error"')
  },
  minute,
)

test(
  'a fault of the account is resumed by a person at once, and told by the worker that met it',
  async () => {
    const world = await startCliWorld()
    const robot = await startScriptedServer((response) => response.end('{"errcode":0,"errmsg":"ok"}'))
    const alert = { ALERT_WEBHOOK_URL: `${robot.base}/send?key=k` }
    await world.sync()
    const fault = world.simulator.addFault({
      path: '/cgi-bin/message/template/send',
      action: { errcode: 50002 },
    })
    await world.queuePushes({ p: 0 })
    await world.service('worker', alert)
    const isPaused = async () => (await world.json(['status'])).accounts[0].paused
    await vi.waitUntil(isPaused, patience)
    expect(await isPaused()).toMatchObject({ reason: 'account_restricted', probeAt: expect.any(String) })
    fault.remove()
    expect(await world.run(['resume'], alert)).toMatchObject({ code: 0 })
    await world.untilEnded('p')
    expect(robot.requests[0]?.text).toContain('account_restricted')
  },
  minute,
)

test(
  'without a queue a pause is on record and kept by the worker that starts later',
  async () => {
    const world = await startCliWorld({ queue: 'embedded' })
    await world.sync()
    const paused = await world.run(['pause'])
    expect(paused).toMatchObject({ code: 0, stderr: expect.stringContaining('on record') })
    await world.service('worker')
    await world.run(world.push(0, '--id', 'p'))
    expect((await world.json(['status'])).accounts[0]).toMatchObject({
      paused: { reason: 'manual' },
      queue: { waiting: 1 },
    })
    await world.run(['resume'])
    await world.untilEnded('p')
  },
  minute,
)

test(
  'an account is paused by its AppID; an unknown one and a wrong URL are refused with nothing secret told',
  async () => {
    const world = await startCliWorld()
    expect(await world.json(['pause', '--account', world.appid])).toMatchObject({
      account: world.appid,
      paused: { reason: 'manual', detail: 'paused by a person' },
    })
    const unknown = await world.run(['pause', '--account', `${world.appid}x`])
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`expects one of ${world.appid},`),
    })
    const refused = await world.run(['pause'], { ALERT_WEBHOOK_URL: 'ftp://robot/send?key=s3cret' })
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('ALERT_WEBHOOK_URL') })
    expect(refused.stderr).not.toContain('s3cret')
  },
  minute,
)
