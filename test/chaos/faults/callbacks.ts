import { setTimeout as sleep } from 'node:timers/promises'
import type { CallbackRule } from '../../../src/simulator/callbacks/rule.ts'
import { until } from '../../helpers/until.ts'
import type { Chance } from '../chance.ts'
import type { Fault } from '../fault.ts'
import { forge, post } from '../forgeries.ts'
import type { World } from '../world.ts'

const event = 'TEMPLATESENDJOBFINISH'

/** Receipts that do not come one by one and in order. */
const oddReceipts: readonly [name: string, toRule: (chance: Chance) => CallbackRule][] = [
  ['come several times', (chance) => ({ copies: chance.count(1, 4) })],
  ['overtake each other', (chance) => ({ overtakenBy: chance.count(1, 20) })],
  ['come late', (chance) => ({ delayMs: chance.count(100, 2_000) })],
  ['come before the send is recorded', () => ({ beforeAnswer: true })],
  ['say no', (chance) => ({ status: chance.pick(['failed:user block', 'failed: system failed']) })],
]

export const callbackFaults: readonly Fault[] = [
  ...oddReceipts.map(
    ([name, toRule]): Fault => ({
      name: `receipts ${name}`,
      on: ['callbacks'],
      async run({ simulator, stretch }, chance) {
        const probability = chance.pick([0.3, 0.7, 1])
        const rule = simulator.addCallbackRule({ event, probability, ...toRule(chance) })
        await sleep(chance.between(300, 2_500) * stretch)
        rule.remove()
      },
    }),
  ),
  {
    name: 'a storm of receipts',
    on: ['callbacks'],
    async run({ simulator }, chance) {
      const repeated = [...simulator.events()]
      for (const { openid, msgid, status } of repeated) simulator.raiseEvent({ event, openid, msgid, status })
      // Of messages that another program of the account has sent.
      for (let n = chance.count(200, 500); n > 0; n--) {
        const msgid = `9${chance.count(1e8, 9e8)}${chance.count(1e8, 9e8)}`
        simulator.raiseEvent({ event, openid: simulator.userAt(chance.count(0, 50)).openid, msgid })
      }
    },
  },
  {
    name: 'garbage and forged posts to the callback server',
    on: ['callbacks'],
    async run(world, chance) {
      // What is forged about must still be open.
      const late = world.simulator.addCallbackRule({ event, delayMs: 1_000 })
      for (let rounds = chance.count(5, 15); rounds > 0; rounds--) {
        world.complaints.push(...(await post(world.desk, forge(world, chance))))
        await sleep(chance.between(0, 200))
      }
      late.remove()
    },
  },
  {
    name: 'a flood of unsigned posts beside a storm of receipts',
    on: ['callbacks'],
    async run({ simulator, desk, complaints }, chance) {
      const flood = { name: 'unsigned', query: {}, body: `<xml>${'<a></a>'.repeat(9_000)}</xml>` }
      const posts = post(
        desk,
        Array.from({ length: chance.count(20, 60) }, () => flood),
      )
      for (const { openid, msgid, status } of [...simulator.events()]) {
        simulator.raiseEvent({ event, openid, msgid, status })
      }
      complaints.push(...(await posts))
    },
  },
  {
    name: 'kill -9 of the callback server',
    on: ['callbacks'],
    async run(world, chance) {
      for (let kills = chance.count(1, 3); kills > 0; kills--) {
        await kill(world)
        await sleep(chance.between(0, 1_000))
      }
    },
  },
  {
    name: 'kill -9 of the callback server before it can store anything',
    on: ['callbacks', 'database'],
    async run(world, chance) {
      const { simulator, database } = world
      const countPosts = () => simulator.stats().callbacks.events[event]?.posts ?? 0
      // While the database is locked nothing is sent either: these are receipts of what was sent before.
      const late = simulator.addCallbackRule({ event, delayMs: 800 })
      await sleep(700)
      const unlock = await database.lock()
      const before = countPosts()
      await until(() => countPosts() > before, 1_000)
      await sleep(chance.between(50, 500))
      await kill(world)
      late.remove()
      await unlock()
    },
  },
  {
    name: 'SIGTERM of the callback server',
    on: ['callbacks'],
    async run({ desk, complaints }) {
      const [member] = desk.crew.members
      if (!member?.isReady()) return
      const code = await member.end('SIGTERM')
      if (code !== 0) complaints.push(`SIGTERM ended the callback server with ${code}`)
    },
  },
  {
    name: 'what the callback server answers is lost',
    on: ['callbacks'],
    async run({ desk, stretch }, chance) {
      desk.wire.hold('toClient')
      await sleep(chance.between(200, 2_000) * stretch)
      desk.wire.cut()
      desk.wire.release()
    },
  },
]

/** It may be one that sends as well. */
async function kill({ desk, admitted }: World): Promise<void> {
  admitted.mishaps++
  await Promise.all(desk.crew.members.map((member) => member.end('SIGKILL')))
}
