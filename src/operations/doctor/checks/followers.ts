import { day, hour } from '../../../base/duration.ts'
import { toFact } from '../../../base/sentences/stored.ts'
import { hasMissedSync } from '../../../sync/missedSync.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import { judgeAnswer } from '../refusal.ts'

/** A sync that is older has been missed more than once, whatever the schedule. */
const oldSync = 8 * day
/** More than follow and leave between two syncs. */
const bigDifference = 0.1
const smallDifference = 100
/** Unionids that several carry are counted no further. */
const mostShared = 1_000

export const followerChecks: Check[] = [
  {
    name: 'followers',
    of: 'tables',
    async run(_, { followers }) {
      const { subscribed, withUnionid } = await followers.counts()
      if (!(await followers.hasEverSynced())) return warn('followers.neverSynced', { subscribed })
      if (subscribed === 0) return warn('followers.nobody')
      const facts = { subscribed, withUnionid }
      return withUnionid === 0 ? fail('followers.noUnionids', facts) : ok('followers.ok', facts)
    },
  },
  {
    name: 'followers_match',
    of: 'tables',
    isSlow: true,
    async run({ wechat }, { followers }) {
      if (!(await followers.hasEverSynced())) return skip('needs.sync')
      const { subscribed } = await followers.counts()
      return judgeAnswer(await wechat.followerPage(), ({ total }) => {
        const facts = { subscribed, total }
        const tolerated = Math.max(smallDifference, bigDifference * total)
        return Math.abs(total - subscribed) > tolerated
          ? warn('followersMatch.differ', facts)
          : ok('followersMatch.ok', facts)
      })
    },
  },
  {
    name: 'unionids_shared',
    of: 'tables',
    async run(_, { followers }) {
      let count = 0
      for await (const _unionid of followers.sharedUnionids()) if (++count >= mostShared) break
      return count === 0 ? ok('shared.none') : warn('shared.some', { count })
    },
  },
  {
    name: 'sync',
    of: 'tables',
    async run(_, { syncRuns }) {
      const last = await syncRuns.findLast()
      if (last === undefined) return warn('sync.none')
      const hours = Math.floor((Date.now() - last.startedAt) / hour)
      if (last.status === 'stopped') return fail('sync.stopped', { why: toFact(last.error ?? '') })
      if (last.status === 'interrupted') return warn('sync.interrupted', { why: toFact(last.error ?? '') })
      if (hours === 0) return ok('sync.recent')
      return hours * hour > oldSync
        ? warn('sync.old', { days: Math.floor(hours / 24) })
        : ok('sync.ok', { hours })
    },
  },
  {
    name: 'cron',
    of: 'tables',
    async run({ config }, { syncRuns, findToken }) {
      const { syncCron, syncDelay, timezone } = config
      const [token, isMissed] = await Promise.all([
        findToken(),
        hasMissedSync({ syncCron, syncDelay, timezone, syncRuns }),
      ])
      if ((await syncRuns.findLast()) === undefined) return skip('needs.sync')
      if (isMissed) return warn('cron.missed', { schedule: syncCron, timezone })
      // It refreshes every minute, so one that ran out says that nobody does.
      if (token !== undefined && token.expiresAt < Date.now()) return warn('cron.tokenExpired')
      return ok('cron.ok', { schedule: syncCron, timezone })
    },
  },
]
