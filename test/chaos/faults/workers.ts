import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import type { Fault } from '../fault.ts'
import type { World } from '../world.ts'

const sendPath = '/cgi-bin/message/template/send'
/** How long a fault waits for the moment it needs; when it does not come there is nothing to send any more. */
const patience = 2_000

/** Processes that die or stand still, at any moment and exactly between two steps of a push. */
export const workerFaults: readonly Fault[] = [
  {
    name: 'kill -9 of a worker',
    on: ['workers'],
    async run({ workers, admitted }, chance) {
      for (let kills = chance.count(1, 3); kills > 0; kills--) {
        admitted.mishaps++
        await chance.pick(workers.members).end('SIGKILL')
        await sleep(chance.between(0, 1_000))
      }
    },
  },
  {
    name: 'SIGTERM of a worker',
    on: ['workers'],
    async run({ workers, complaints }, chance) {
      const member = chance.pick(workers.members)
      if (!member.isReady()) return
      const code = await member.end('SIGTERM')
      if (code !== 0) complaints.push(`SIGTERM ended a worker with ${code}`)
    },
  },
  {
    name: 'SIGTERM of a worker, twice',
    on: ['workers'],
    async run({ workers, admitted, complaints }, chance) {
      const member = chance.pick(workers.members)
      if (!member.isReady()) return
      admitted.mishaps++
      const code = await member.end('SIGTERM', 'SIGTERM')
      if (code !== 0 && code !== 1) complaints.push(`two SIGTERMs ended a worker with ${code}`)
    },
  },
  {
    name: 'a worker stands still for longer than its locks live',
    on: ['workers'],
    async run({ workers, admitted, stretch }, chance) {
      const member = chance.pick(workers.members)
      admitted.mishaps++
      admitted.lostLocks++
      member.signal('SIGSTOP')
      await sleep(chance.between(3_500, 4_500) * stretch)
      member.signal('SIGCONT')
    },
  },
  {
    name: 'kill -9 before the first record of a try',
    on: ['workers', 'database'],
    async run(world, chance) {
      const unlock = await world.database.lock()
      await sleep(chance.between(50, 500))
      await killAll(world)
      await unlock()
    },
  },
  {
    name: 'kill -9 between the record and the call',
    on: ['workers', 'wechat'],
    async run(world) {
      const [first] = world.wires
      first.hold('toServer')
      await until(first.isHolding, patience)
      await killAll(world)
      first.release()
    },
  },
  {
    name: 'kill -9 between the call and its answer',
    on: ['workers', 'wechat'],
    async run(world, chance) {
      const { simulator } = world
      const times = chance.count(1, 30)
      const hang = simulator.addFault({ path: sendPath, action: 'hang', accepted: true, times })
      await until(() => hang.hits > 0, patience)
      await sleep(chance.between(0, 50))
      await killAll(world)
      hang.remove()
    },
  },
  {
    name: 'kill -9 between the answer and its record',
    on: ['workers', 'database', 'wechat'],
    async run(world) {
      const { simulator, database } = world
      const late = simulator.addFault({ path: sendPath, action: { delayMs: 200 } })
      await until(() => late.hits > 0, patience)
      const unlock = await database.lock()
      late.remove()
      await until(() => simulator.stats().inFlight.now === 0, patience)
      await sleep(20)
      await killAll(world)
      await unlock()
    },
  },
  {
    name: 'kill -9 between the record and the completion of the job',
    on: ['workers', 'redis', 'database'],
    async run(world) {
      const { queue, database } = world
      const countEnded = async () => (await database.rows()).filter((row) => row.finished_at !== null).length
      const release = await queue.hold()
      const before = await countEnded()
      await until(async () => (await countEnded()) > before, patience / 2)
      await killAll(world)
      await release()
    },
  },
]

async function killAll({ workers, admitted }: World): Promise<void> {
  admitted.mishaps++
  await Promise.all(workers.members.map((member) => member.end('SIGKILL')))
}
