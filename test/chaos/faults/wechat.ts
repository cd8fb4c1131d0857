import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultAction, Fault as ScriptedFault } from '../../../src/simulator/control/fault.ts'
import { crowd } from '../asks.ts'
import type { Chance } from '../chance.ts'
import type { Fault } from '../fault.ts'
import type { World } from '../world.ts'

const sendPath = '/cgi-bin/message/template/send'
const tokenPath = '/cgi-bin/stable_token'

/** Answers to a send that are none, or come when nobody waits any more. */
const spoiltAnswers: readonly [name: string, action: FaultAction, more?: Partial<ScriptedFault>][] = [
  ['is a 502', { status: 502 }],
  ['is a 502 although the message is accepted', { status: 502 }, { accepted: true }],
  ['is an HTML page', 'html', { accepted: true }],
  ['is garbage', 'garbage', { accepted: true }],
  ['is empty', 'empty', { accepted: true }],
  ['is cut off', 'truncated'],
  ['has its errcode as text', 'errcode_text'],
  ['never comes', 'hang'],
  ['never comes although the message is accepted', 'hang', { accepted: true }],
  ['comes byte by byte', 'drip', { everyMs: 100 }],
  ['has no end', 'endless', { accepted: true }],
  ['comes after the timeout', { delayMs: 3_000 }],
  ['is a reset before anything is done', 'reset_before'],
  ['is a reset after the message is accepted', 'reset_after'],
  ['ends in a reset', 'reset_midway'],
]

/** What WeChat, or a proxy in front of it, says to everything while it is out of order. */
const outages: readonly [name: string, action: FaultAction][] = [
  ['502', { status: 502 }],
  ['an HTML page', 'html'],
  ['a reset', 'reset_before'],
  ['system busy', { errcode: -1 }],
]

export const wechatFaults: readonly Fault[] = [
  ...outages.map(
    ([name, action]): Fault => ({
      name: `an outage of WeChat that answers everything with ${name}`,
      on: ['wechat'],
      async run({ simulator, database, complaints, stretch }, chance) {
        const given = "select count(*) n from pushes where reason = 'retries_exhausted'"
        const before = Number((await database.select(given))[0]?.n)
        const rule = simulator.addFault({ path: '/cgi-bin/', action })
        await sleep(chance.between(1_000, 6_000) * stretch)
        rule.remove()
        const lost = Number((await database.select(given))[0]?.n) - before
        if (lost > 0) complaints.push(`${lost} pushes were given up in an outage that answers`)
      },
    }),
  ),
  ...spoiltAnswers.map(
    ([name, action, more]): Fault => ({
      name: `the answer to a send ${name}`,
      on: ['wechat'],
      run: (world, chance) => script(world, chance, { path: sendPath, action, ...more }),
    }),
  ),
  ...[-1, 45011].map(
    (errcode): Fault => ({
      name: `a burst of ${errcode}`,
      on: ['wechat'],
      run: (world, chance) => script(world, chance, { path: sendPath, action: { errcode } }),
    }),
  ),
  ...[40037, 40003].map(
    (errcode): Fault => ({
      name: `a few wrong ${errcode}`,
      on: ['wechat'],
      run: (world, chance) =>
        script(world, chance, { path: sendPath, action: { errcode }, times: chance.count(1, 5) }),
    }),
  ),
  {
    name: 'one user is answered with 50002',
    on: ['wechat'],
    run: (world, chance) =>
      poison(world, chance, 50002, world.simulator.userAt(chance.count(0, crowd - 1)).openid),
  },
  {
    name: 'messages with a mini-program are answered with 40013',
    on: ['wechat'],
    run: (world, chance) => poison(world, chance, 40013, world.simulator.miniprogram.appid),
  },
  {
    name: 'the daily quota is used up, and midnight comes',
    on: ['wechat'],
    async run(world, chance) {
      world.admitted.isOutOfQuota = true
      await script(world, chance, { path: sendPath, action: { errcode: 45009 } })
    },
  },
  {
    name: 'every token is refused',
    on: ['wechat'],
    async run(world, chance) {
      await script(world, chance, { path: sendPath, action: { errcode: 40001 } })
    },
  },
  {
    name: 'somebody else renews the token again and again',
    on: ['wechat'],
    async run({ simulator }, chance) {
      for (let thefts = chance.count(2, 10); thefts > 0; thefts--) {
        simulator.killToken()
        await sleep(chance.between(20, 300))
      }
    },
  },
  {
    name: 'the IP address is not allowed',
    on: ['wechat'],
    async run(world, chance) {
      const errmsg = 'invalid ip 118.190.42.90 ipv6 ::ffff:118.190.42.90, not in whitelist'
      world.simulator.killToken()
      await script(world, chance, { path: tokenPath, action: { errcode: 40164, errmsg } })
    },
  },
  {
    name: 'the token endpoint is down',
    on: ['wechat'],
    async run(world, chance) {
      world.simulator.killToken()
      await script(world, chance, {
        path: tokenPath,
        action: chance.pick([{ status: 503 }, 'hang', 'reset_before']),
      })
    },
  },
  {
    name: 'the first base URL refuses connections',
    on: ['wechat'],
    run: (world, chance) => refuse(world, chance, 1),
  },
  {
    name: 'both base URLs refuse connections',
    on: ['wechat'],
    run: (world, chance) => refuse(world, chance, 2),
  },
  {
    name: 'connections to WeChat are reset again and again',
    on: ['wechat'],
    async run({ wires, admitted }, chance) {
      for (let cuts = chance.count(1, 5); cuts > 0; cuts--) {
        admitted.mishaps++
        for (const wire of wires) wire.cut()
        await sleep(chance.between(0, 300))
      }
    },
  },
  {
    name: 'what WeChat says is lost',
    on: ['wechat'],
    async run({ wires, stretch, admitted }, chance) {
      admitted.mishaps++
      for (const wire of wires) wire.hold('toClient')
      await sleep(chance.between(200, 3_000) * stretch)
      for (const wire of wires) wire.cut()
      for (const wire of wires) wire.release()
    },
  },
]

/** For a while, for some or for all of the calls. */
async function script({ simulator, stretch }: World, chance: Chance, fault: ScriptedFault): Promise<void> {
  const probability = chance.pick([0.3, 0.7, 1])
  const rule = simulator.addFault({ probability, ...fault })
  await sleep(chance.between(100, 2_500) * stretch)
  rule.remove()
}

/** Calls that carry that text are refused with a code that usually speaks for the account. */
async function poison(
  { simulator, stretch }: World,
  chance: Chance,
  errcode: number,
  text: string,
): Promise<void> {
  const rule = simulator.addFault({ path: sendPath, action: { errcode }, match: { openid: text } })
  await sleep(chance.between(1_000, 4_000) * stretch)
  rule.remove()
}

async function refuse({ wires, stretch, admitted }: World, chance: Chance, count: number): Promise<void> {
  admitted.mishaps++
  const down = wires.slice(0, count)
  await Promise.all(down.map((wire) => wire.refuse()))
  await sleep(chance.between(200, 3_000) * stretch)
  await Promise.all(down.map((wire) => wire.accept()))
}
