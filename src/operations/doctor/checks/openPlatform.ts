import type { Followers } from '../../../db/followers.ts'
import { type Check, type Finding, fail, ok, skip, warn } from '../check.ts'
import { judgeAnswer } from '../refusal.ts'

/** Logins that are compared; fewer than the second say little when nobody of them follows. */
const compared = 200
const enough = 20
/** A share of followers without unionid that is more than a few who have just come. */
const many = 0.1

export const openPlatformChecks: Check[] = [
  {
    name: 'open_platform',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      return judgeAnswer(await wechat.followerSample(), (infos) => {
        const following = infos.filter(({ subscribed }) => subscribed)
        if (following.length === 0) return skip('openPlatform.nobody')
        const named = following.filter(({ unionid }) => unionid !== undefined).length
        const facts = { asked: following.length, named }
        if (named === 0) return fail('openPlatform.notBound', facts)
        return named < (1 - many) * following.length
          ? warn('openPlatform.someNameless', facts)
          : ok('openPlatform.ok', facts)
      })
    },
  },
  {
    name: 'open_platform_match',
    of: 'tables',
    async run({ config }, { users, followers }) {
      if (users === undefined || config.miniProgram === undefined) return skip('miniprogram.none')
      const { subscribed } = await followers.counts()
      if (subscribed === 0) return skip('needs.followers')
      const logins = await users.findRecent(compared)
      if (logins.length === 0) return skip('match.noLogins')
      const unionids = logins.filter((unionid) => unionid !== null)
      if (unionids.length === 0) return fail('match.noUnionids', { logins: logins.length })
      return judgeMatch(unionids, followers)
    },
  },
]

/** Unionids are of one Open Platform account: two apps that are bound to two have none in common. */
async function judgeMatch(unionids: string[], followers: Pick<Followers, 'findByUnionid'>): Promise<Finding> {
  let known = 0
  for (const unionid of unionids) if (await followers.findByUnionid(unionid)) known++
  const facts = { logins: unionids.length, known }
  if (known > 0) return ok('match.ok', facts)
  return unionids.length < enough ? skip('match.tooFew', facts) : fail('match.different', facts)
}
