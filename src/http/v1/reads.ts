import * as z from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { findMiniprogramUser, miniprogramUserSchema } from '../../operations/listing/miniprogramUser.ts'
import { followerSchema, followersSchema, lookupAmong } from '../../operations/lookup.ts'
import { createOverview, overviewSchema } from '../../operations/monitoring/overview.ts'
import { loadStatus, statusSchema } from '../../operations/status.ts'
import { listTemplates, templateSchema } from '../../operations/templates.ts'
import { type ApiAccount, chooseAccounts } from './accounts.ts'
import { ProblemError } from './problems/problem.ts'
import { type AddRoute, readers } from './route.ts'

interface ReadRoutesDeps {
  accounts(): readonly ApiAccount[]
}

export const accountQuery = z.strictObject({
  account: z.string().optional().describe('name or AppID; default: every account'),
})

/** What there is to see besides pushes and broadcasts. */
export function readRoutes(addRoute: AddRoute, { accounts }: ReadRoutesDeps): void {
  addRoute(
    {
      method: 'GET',
      path: '/status',
      summary: 'Queue, pauses, last sync, followers and the outcomes of today',
      tag: 'account',
      roles: readers,
      query: accountQuery,
      answers: { 200: ['as the command status', statusSchema] },
    },
    ({ query }) => loadStatus(chooseAccounts(accounts(), query.account)),
  )
  const loadOverview = createOverview()
  addRoute(
    {
      method: 'GET',
      path: '/overview',
      summary: 'How long pushes wait, how far the quota of today goes, and followers over time',
      tag: 'account',
      roles: readers,
      query: accountQuery,
      answers: { 200: ['what status does not say', overviewSchema] },
    },
    ({ query }) => loadOverview(chooseAccounts(accounts(), query.account)),
  )
  addRoute(
    {
      method: 'GET',
      path: '/users/:openid',
      summary: 'Who logged in to the mini-program',
      description: 'By the openid that the user has there; with the unionid pushes and followers are found.',
      tag: 'account',
      roles: readers,
      params: z.object({ openid: z.string() }),
      query: accountQuery,
      answers: { 200: ['the user', miniprogramUserSchema] },
      problems: [404],
    },
    async ({ params: { openid }, query }) => {
      const user = await findMiniprogramUser(chooseAccounts(accounts(), query.account), openid)
      if (!user) throw new ProblemError(404, say('http.unknown_user', { openid }))
      return user
    },
  )
  addRoute(
    {
      method: 'GET',
      path: '/templates',
      summary: 'Templates with their keywords, as WeChat lists them now',
      tag: 'account',
      roles: readers,
      query: accountQuery,
      answers: {
        200: [
          'those of all accounts that are meant',
          z.strictObject({
            items: z.array(templateSchema),
            listedBefore: z.iso
              .datetime()
              .nullable()
              .describe('when they were listed, if WeChat gave no usable answer now'),
          }),
        ],
      },
      problems: [502],
    },
    async ({ query }) => {
      const lists = await Promise.all(chooseAccounts(accounts(), query.account).map(listTemplates))
      const before = lists.flatMap(({ listedBefore }) => listedBefore ?? []).sort()
      return { items: lists.flatMap(({ items }) => items), listedBefore: before[0] ?? null }
    },
  )
  addRoute(
    {
      method: 'GET',
      path: '/followers/:unionid',
      summary: 'Who has a unionid',
      description: 'With several accounts all followers who carry it; 404 when nobody does.',
      tag: 'account',
      roles: readers,
      params: z.object({ unionid: z.string() }),
      query: accountQuery,
      answers: { 200: ['as the command lookup', z.union([followerSchema, followersSchema])] },
      problems: [404],
    },
    async ({ params: { unionid }, query }) => {
      const chosen = chooseAccounts(accounts(), query.account)
      const { accounts: found } = await lookupAmong(chosen, unionid)
      const [first] = found
      if (!first) throw new ProblemError(404, say('http.unknown_follower', { unionid }))
      return chosen.length === 1 ? first : { unionid, accounts: found }
    },
  )
}
