import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { crowd } from '../asks.ts'
import type { Fault } from '../fault.ts'
import { followerCount, ghosts, type World } from '../world.ts'

/** How long the rest of a sync may take, the lease of a dead one included. */
const patience = 30_000

export const cronFaults: readonly Fault[] = [
  {
    name: 'kill -9 of cron in the middle of a sync',
    on: ['cron'],
    async run(world, chance) {
      const { simulator, complaints, stretch } = world
      const countCalls = () => simulator.stats().calls['/cgi-bin/user/get'] ?? 0
      const cron = world.startCron()
      const [process] = cron.members
      for (let kills = chance.count(1, 3); kills > 0 && !(await isSynced(world)); kills--) {
        const before = countCalls()
        await until(async () => countCalls() > before || (await isSynced(world)), patience * stretch)
        await sleep(chance.between(0, 700))
        await process?.end('SIGKILL')
      }
      const isComplete = await until(() => isSynced(world), patience * stretch)
      if (!isComplete) complaints.push('the sync is not complete')
      else complaints.push(...(await compareFollowers(world)))
      await cron.dismiss()
      complaints.push(...cron.complaints)
    },
  },
  {
    name: 'the list of followers breaks off',
    on: ['cron'],
    async run(world, chance) {
      const { simulator, complaints, database, stretch } = world
      const isKnown = 'select count(*) n from followers where subscribed and unionid is not null'
      const before = Number((await database.select(isKnown))[0]?.n)
      const action = { status: 200, body: chance.pick(brokenPages) }
      const after = chance.count(0, followerCount / 100 - 1)
      const broken = simulator.addFault({ path: '/cgi-bin/user/get', action, after, times: 1 })
      const cron = world.startCron()
      const ended = "select 1 from sync_runs where status <> 'running'"
      const hasEnded = async () => (await database.select(ended)).length > 0
      if (!(await until(hasEnded, patience * stretch)))
        complaints.push('a sync of a broken list does not end')
      broken.remove()
      await cron.dismiss()
      complaints.push(...cron.complaints)
      const known = Number((await database.select(isKnown))[0]?.n)
      if (known < before - ghosts)
        complaints.push(`${before - known} followers are gone after a list that broke off`)
    },
  },
]

/** The end of a list that has not ended. */
const brokenPages = [
  '{"total":1500,"count":0,"next_openid":""}',
  '{"total":1500,"count":0,"data":{"openid":[]},"next_openid":""}',
  '{"total":700,"count":0,"next_openid":""}',
]

async function isSynced({ database }: World): Promise<boolean> {
  return (await database.select("select 1 from sync_runs where status = 'complete'")).length > 0
}

/** The table says of everybody what WeChat says. */
async function compareFollowers({ database, simulator }: World): Promise<string[]> {
  const rows = await database.select('select openid, unionid from followers where subscribed')
  const known = new Map(rows.map(({ openid, unionid }) => [openid, unionid]))
  const wanted = Array.from({ length: followerCount }, (_, n) => simulator.userAt(n))
  const wrong = wanted.filter(({ openid, unionid }) => known.get(openid) !== unionid)
  return [
    ...wrong.slice(0, 3).map(({ openid }) => `follower ${openid} is missing, or has another unionid`),
    ...(known.size === followerCount
      ? []
      : [`${known.size} followers in the table instead of ${followerCount}, ${crowd} of them known before`]),
  ]
}
